"""The lie of a scene: melt floor, terraced wall, hummocks and ponds, and what may lie where on them.

Two coordinates go with the wall: u towards it and v along it, in metres from the scene's centre.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from .linework import SPACING_M, LineFeature, network, resample, wander
from .noise import band_noise, enlarge, line_noise
from .objects import Boulders, number_of, power_law

_COARSE = 8


@dataclass(frozen=True)
class _Pond:
    """Level melt on a terrace: centre, half-axes along and across the wall in metres, phases of its outline's waves."""

    v: float
    q: float
    long: float
    wide: float
    phases: np.ndarray

    def radius(self, angle):
        """Outline over the ellipse's radius."""
        return 1.0 + 0.12 * np.cos(3 * angle + self.phases[0]) + 0.08 * np.cos(5 * angle + self.phases[1])


class Ground:
    """Wall, floor and hummocks of a scene, and what may lie where.

    Parameters
    ----------
    settings : SceneSettings
    target, fine : MapGrid
        Target grid, and the terrain's grid around it.
    rng : numpy.random.Generator

    Attributes
    ----------
    floor : shapely.Polygon
    ponds : shapely.MultiPolygon
    """

    def __init__(self, settings, target, fine, rng):
        self.settings, self.target, self.fine, self.rng = settings, target, fine, rng
        left, bottom, right, top = target.bounds
        self.centre = np.array([(left + right) / 2, (bottom + top) / 2])
        self.half_m = 0.25 * (right - left + top - bottom)
        azimuth = settings.wall_azimuth_deg if settings.wall_azimuth_deg >= 0 else rng.uniform(0.0, 360.0)
        self.outward = np.array([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))])
        self._draw_boundary()
        self._draw_wall()
        # Places and shapes that need no pixel accuracy are drawn on a coarse grid of their own.
        self.coarse_m = _COARSE * fine.resolution_m
        self.coarse_shape = tuple(size // _COARSE + 3 for size in fine.shape)
        self.mounds = self._mounds()
        self.floor = self._floor()
        self._level_ponds()

    def _draw_boundary(self):
        reach = 4.0 * self.half_m
        self._v = np.linspace(-reach, reach, 1600)
        spacing = self._v[1] - self._v[0]
        meander = 22.0 * line_noise(1600, spacing, 160.0, self.rng) + 6.0 * line_noise(1600, spacing, 45.0, self.rng)
        if self.settings.wall_share > 0:
            middle = self.half_m * (1.0 - 2.0 * self.settings.wall_share)
            # The wall arcs around a crater floor of some 10 km across.
            self._edge = middle + meander - self._v**2 / 10000.0
        else:
            self._edge = np.full(1600, 1e6)

    def _draw_wall(self):
        """Terraced profile: height over distance behind the boundary."""
        rng = self.rng
        q, slopes = [0.0], []
        while q[-1] < 8.0 * self.half_m:
            for length, slope in (
                (rng.uniform(60, 160), self.settings.wall_slope_deg + rng.normal(0, 2.0)),
                (rng.uniform(50, 140), rng.uniform(-1.0, 6.0)),
            ):
                q.append(q[-1] + length)
                slopes.append(np.tan(np.radians(max(slope, -1.0))))
        at = np.arange(-100.0, 8.0 * self.half_m, 2.0)
        slope = np.where(at > 0, np.array(slopes)[np.clip(np.searchsorted(q, at) - 1, 0, len(slopes) - 1)], 0.0)
        kernel = np.exp(-0.5 * (np.arange(-30, 31) / 7.0) ** 2)
        slope = np.convolve(np.pad(slope, 30, mode="edge"), kernel / kernel.sum(), mode="valid")
        self._profile_q, self._profile_h = at, np.concatenate([[0.0], np.cumsum(slope[:-1]) * 2.0])
        self._terraces = list(zip(q[1::2], q[2::2], strict=False))

    def behind_wall_foot(self, x, y):
        """Distance behind the boundary of floor and wall in metres, negative on the floor."""
        du, dv = np.asarray(x) - self.centre[0], np.asarray(y) - self.centre[1]
        u = du * self.outward[0] + dv * self.outward[1]
        v = du * self.outward[1] - dv * self.outward[0]
        return u - np.interp(v, self._v, self._edge)

    def _coarse_xy(self):
        rows, columns = (np.arange(size) * _COARSE for size in self.coarse_shape)
        x, y = self.fine.xy(rows[:, None], columns[None, :])
        return np.broadcast_arrays(x, y)

    def _mounds(self):
        """Hummocks on the coarse grid, in metres."""
        noise = band_noise(self.coarse_shape, self.coarse_m, self.rng, 45.0, 200.0, hurst=0.3)
        patches = band_noise(self.coarse_shape, self.coarse_m, self.rng, 300.0, 900.0)
        raised = np.maximum(noise + 0.5 * patches - 0.8, 0.0)
        return (self.settings.hummock_height_m * 1.4 * raised**1.2).astype(np.float32)

    def base(self):
        """Heights in metres and relative albedo without any object, float32 on the fine grid."""
        settings, rng, fine = self.settings, self.rng, self.fine
        on_wall = np.clip(self.behind_wall_foot(*self._coarse_xy()) / 40.0, 0.0, 1.0)
        undulation = 1.5 * band_noise(self.coarse_shape, self.coarse_m, rng, 120.0, 1200.0) * (1.0 + on_wall)
        off_ponds = 1.0 - 0.9 * self._pond_weight
        coarse = self._wall_m + (undulation + self.mounds * (1.0 - on_wall)) * off_ponds
        gain = (1.0 + (settings.wall_roughness - 1.0) * on_wall) * (0.25 + 0.75 * off_ponds)
        # Roughness comes in patches: smooth melt beside blocky melt.
        gain *= np.exp(0.35 * band_noise(self.coarse_shape, self.coarse_m, rng, 60.0, 500.0))
        rough = band_noise(fine.shape, fine.resolution_m, rng, 2.2, 90.0, hurst=0.75)
        slope = np.hypot(np.diff(rough[::3], axis=1).std(), np.diff(rough[:, ::3], axis=0).std()) / fine.resolution_m
        rough *= np.float32(np.tan(np.radians(settings.floor_slope_deg)) / slope)
        height = enlarge(coarse, _COARSE, fine.shape) + rough * enlarge(gain, _COARSE, fine.shape)

        pattern = band_noise(self.coarse_shape, self.coarse_m, rng, 30.0, 800.0, hurst=0.5)
        # Walls shed their dark skin.
        tone = settings.albedo * np.exp(settings.albedo_contrast * pattern + 0.10 * on_wall)
        return height, enlarge(tone, _COARSE, fine.shape)

    def _level_ponds(self):
        """Height of the wall on the coarse grid, some stretches of its terraces levelled where melt ponded."""
        x, y = self._coarse_xy()
        q = self.behind_wall_foot(x, y)
        warp = 8.0 * band_noise(self.coarse_shape, self.coarse_m, self.rng, 40.0, 250.0)
        wall = np.interp(q + warp * np.clip(q / 60.0, 0.0, 1.0), self._profile_q, self._profile_h)
        weight = np.zeros(self.coarse_shape, np.float32)
        v = (x - self.centre[0]) * self.outward[1] - (y - self.centre[1]) * self.outward[0]
        shapes = []
        for pond in self._draw_ponds():
            dv, dq = (v - pond.v) / pond.long, (q - pond.q) / pond.wide
            inside = np.clip((pond.radius(np.arctan2(dq, dv)) - np.hypot(dv, dq)) * 4.0 + 0.5, 0.0, 1.0)
            if inside.max() < 1.0:
                continue
            wall = wall * (1.0 - inside) + np.percentile(wall[inside > 0.5], 35) * inside
            weight = np.maximum(weight, inside)
            angle = np.linspace(0.0, 2 * np.pi, 73)[:-1]
            edge_v = pond.v + pond.long * pond.radius(angle) * np.cos(angle)
            edge_u = np.interp(edge_v, self._v, self._edge) + pond.q + pond.wide * pond.radius(angle) * np.sin(angle)
            shapes.append(shapely.make_valid(shapely.Polygon(self._map_xy(edge_u, edge_v))))
        self._wall_m, self._pond_weight = wall, weight
        merged = shapely.union_all(shapes).intersection(shapely.box(*self.fine.bounds))
        self.ponds = shapely.MultiPolygon([part for part in shapely.get_parts(merged) if part.geom_type == "Polygon"])

    def _draw_ponds(self):
        if self.settings.wall_share == 0:
            return
        for near, far in self._terraces:
            if far - near < 55.0 or near > 2.5 * self.half_m:
                continue
            for centre in np.arange(-1.5, 1.6, 0.5) * self.half_m:
                v = centre + self.rng.uniform(-0.2, 0.2) * self.half_m
                phases = self.rng.uniform(0, 2 * np.pi, 2)
                long = self.rng.uniform(50.0, 150.0)
                if self.rng.random() < 0.5:
                    yield _Pond(v, 0.5 * (near + far), long, 0.42 * (far - near), phases)

    def _map_xy(self, u, v):
        east, north = self.outward
        return np.column_stack([self.centre[0] + u * east + v * north, self.centre[1] + u * north - v * east])

    def _floor(self):
        box = shapely.box(*self.fine.bounds)
        if self.settings.wall_share == 0:
            return box
        foot = self._map_xy(self._edge, self._v)
        far = self._map_xy(np.full(2, -8.0 * self.half_m), self._v[[-1, 0]])
        return shapely.make_valid(shapely.Polygon(np.vstack([foot, far]))).intersection(box)

    def lines(self):
        """Fractures, ridges and trails of the scene, and the boulders at the trails' ends (x, y, diameter)."""
        settings, rng = self.settings, self.rng
        area_km2 = (self.floor.area + self.ponds.area) * 1e-6
        total_m = 1000.0 * settings.fracture_km_per_km2 * area_km2
        fractures = network(total_m, self._placer(), self._may_run, settings, rng)
        taken = shapely.STRtree([shapely.LineString(f.points).buffer(0.7 * f.width_m + 3.0) for f in fractures])

        def clear(x, y):
            near = taken.query(shapely.points(x, y), predicate="intersects")[0]
            free = self._may_run(x, y)
            free[near] = False
            return free

        ridges = network(settings.ridge_share * total_m, self._placer(), clear, settings, rng, group=100000)
        trails, ends = self._trails()
        return fractures, ridges, trails, ends

    def _may_run(self, x, y):
        left, bottom, right, top = self.fine.bounds
        inside = (x > left) & (x < right) & (y > bottom) & (y < top)
        on_melt = (self.behind_wall_foot(x, y) < -4.0) | shapely.contains_xy(self.ponds, x, y)
        return inside & on_melt

    def _placer(self):
        """Places for complexes, denser at the foot of the wall and around hummocks, and the way they run there."""
        x, y = self._coarse_xy()
        q = self.behind_wall_foot(x, y)
        around = np.clip(self.mounds / max(self.settings.hummock_height_m, 0.1), 0.0, 1.0)
        weight = np.where(
            self._may_run(x, y), 1.0 + 3.0 * np.exp(np.minimum(q, 0.0) / 120.0) + 1.5 * around, 0.0
        ).ravel()
        cumulative = np.cumsum(weight) / weight.sum()
        along_wall = np.arctan2(self.outward[0], -self.outward[1]) + np.pi
        grain = self.rng.uniform(0.0, np.pi)

        def place():
            cell = int(np.searchsorted(cumulative, self.rng.random()))
            jitter = self.rng.uniform(-0.5, 0.5, 2) * self.coarse_m
            near = np.exp(-abs(q.flat[cell]) / 150.0)
            heading = along_wall if self.rng.random() < near else grain
            spread = 0.35 if self.rng.random() < 0.6 else np.pi
            return x.flat[cell] + jitter[0], y.flat[cell] + jitter[1], heading + self.rng.uniform(-spread, spread)

        return place

    def _trails(self):
        """Tracks of boulders that rolled down the wall on to the floor."""
        if self.settings.wall_share == 0:
            return [], (np.zeros(0), np.zeros(0), np.zeros(0))
        rng = self.rng
        features, ends = [], []
        for _ in range(rng.poisson(self.settings.trails_per_km * 2.0 * self.half_m / 1000.0)):
            v = rng.uniform(-1.0, 1.0) * self.half_m
            run_out_m, climb_m = rng.uniform(-30.0, 130.0), rng.uniform(60.0, 260.0)
            u = np.interp(v, self._v, self._edge) + climb_m
            start = self._map_xy(np.array([u]), np.array([v]))[0]
            heading = np.arctan2(-self.outward[1], -self.outward[0]) + rng.normal(0, 0.12)
            path = resample(wander(start, heading, climb_m + run_out_m, rng, bend=0.10, jog=0.03))
            diameter = rng.uniform(3.5, 9.0)
            count = len(path)
            # A rolling boulder of uneven shape leaves a chain of dents.
            beat = 0.75 + 0.25 * np.cos(2 * np.pi * np.arange(count) * SPACING_M / (3.0 * diameter) + rng.uniform(0, 6))
            half = 0.5 * diameter * rng.uniform(0.7, 1.0) * beat
            features.append(LineFeature(path, half, half, 0.22 * half * 2 * beat, 0.9))
            ends.append((*path[-1], diameter))
        ends = np.array(ends, float).reshape(-1, 3)
        return features, tuple(ends.T)

    def boulders(self, craters, trail_ends):
        """Boulders: scattered, in clusters, at the foot of the wall, around fresh craters, at the ends of trails."""
        settings, rng = self.settings, self.rng
        left, bottom, right, top = self.fine.bounds
        count = number_of(
            settings.boulder_density_per_km2, 2.0, settings.boulder_slope, 1.5, settings.boulder_max_m,
            (right - left) * (top - bottom), rng,
        )  # fmt: skip
        diameter = power_law(count, settings.boulder_slope, 1.5, settings.boulder_max_m, rng)
        x, y = rng.uniform(left, right, count), rng.uniform(bottom, top, count)
        kind = rng.random(count)
        # In clusters: each boulder of this kind sits near a random place, closer ones commoner.
        hubs = rng.uniform([left, bottom], [right, top], (max(3, count // 60), 2))
        fresh = np.flatnonzero((craters.age < 0.02) & (craters.diameter_m > 25.0))
        clustered = np.flatnonzero(kind < 0.45)
        hub = hubs[rng.integers(0, len(hubs), len(clustered))]
        spread = rng.exponential(28.0, len(clustered))
        if len(fresh):
            at_crater = rng.random(len(clustered)) < 0.5
            which = fresh[rng.integers(0, len(fresh), len(clustered))]
            hub = np.where(at_crater[:, None], np.column_stack([craters.x[which], craters.y[which]]), hub)
            spread = np.where(at_crater, craters.diameter_m[which] * rng.uniform(0.45, 1.1, len(clustered)), spread)
        angle = rng.uniform(0, 2 * np.pi, len(clustered))
        x[clustered], y[clustered] = hub[:, 0] + spread * np.cos(angle), hub[:, 1] + spread * np.sin(angle)
        if settings.wall_share > 0:
            foot = np.flatnonzero((kind >= 0.45) & (kind < 0.75))
            v = rng.uniform(-1.5, 1.5, len(foot)) * self.half_m
            u = np.interp(v, self._v, self._edge) + 10.0 + rng.laplace(0.0, 35.0, len(foot))
            x[foot], y[foot] = self._map_xy(u, v).T
        x, y, diameter = (np.concatenate([a, b]) for a, b in zip((x, y, diameter), trail_ends, strict=True))
        return Boulders.draw(x, y, diameter, settings.cracked_boulder_share, rng)
