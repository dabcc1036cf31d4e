"""Ground of a scene: melt floor, terraced wall, hummocks and ponds, and where fractures and ridges may run on them."""

import numpy as np
import shapely
from scipy.ndimage import gaussian_filter

from ..maps.grids import MapGrid
from .complexes import line_complexes, wrinkles
from .linework import LineFeature
from .noise import band_noise, enlarge
from .ponds import pond_craters, wall_ponds
from .settings import SceneSettings
from .wall import Wall

_COARSE = 8
# Baseline of the RMS slope in the settings.
_BASELINE_M = 1.5
_DEBRIS_APRON_M = 50.0


class Ground:
    """Wall, floor, ponds and hummocks of a scene, and where fractures and ridges may run.

    Parameters
    ----------
    settings : SceneSettings
    target, fine : MapGrid
        Target grid, and the terrain's grid around it.
    rng : numpy.random.Generator

    Attributes
    ----------
    wall : Wall
    floor : shapely geometry
        Melt of the floor. Empty if the floor is not melt.
    pond_list : list of Pond
    ponds : shapely.MultiPolygon
        Their union inside the terrain.
    old_craters : Craters
        Craters that ponds belong to.
    """

    def __init__(self, settings: SceneSettings, target: MapGrid, fine: MapGrid, rng: np.random.Generator):
        self.settings, self.fine, self.rng = settings, fine, rng
        self.wall = Wall(settings, target, rng)
        # Places and shapes that need no pixel accuracy are drawn on a coarse grid of their own.
        self.coarse_m = _COARSE * fine.resolution_m
        self.coarse_shape = tuple(size // _COARSE + 3 for size in fine.shape)
        self.mounds = self._mounds()
        box = shapely.box(*fine.bounds)
        self.floor = self._floor(box)
        self.old_craters, rim_ponds = pond_craters(fine.bounds, settings, rng)
        self.pond_list = wall_ponds(self.wall, settings.wall_ponds_per_km, rng) + rim_ponds
        merged = shapely.union_all([pond.outline for pond in self.pond_list]).intersection(box)
        self.ponds = shapely.MultiPolygon([part for part in shapely.get_parts(merged) if part.geom_type == "Polygon"])
        shapely.prepare(self.ponds)

    def _coarse_xy(self):
        rows, columns = (np.arange(size) * _COARSE for size in self.coarse_shape)
        x, y = self.fine.xy(rows[:, None], columns[None, :])
        return np.broadcast_arrays(x, y)

    def _mounds(self):
        """Return heights of the hummocks on the coarse grid, in metres."""
        if self.settings.hummock_height_m == 0:
            return np.zeros(self.coarse_shape, np.float32)
        noise = band_noise(self.coarse_shape, self.coarse_m, self.rng, 45.0, 200.0, hurst=0.3)
        patches = band_noise(self.coarse_shape, self.coarse_m, self.rng, 300.0, 900.0)
        raised = np.maximum(noise + 0.5 * patches - 0.8, 0.0)
        return (self.settings.hummock_height_m * 1.4 * raised**1.2).astype(np.float32)

    def debris(self) -> np.ndarray:
        """Return the mean height of hummocks within some 50 m, in metres, on the coarse grid."""
        return gaussian_filter(self.mounds, _DEBRIS_APRON_M / self.coarse_m)

    def _floor(self, box):
        if not self.settings.melt_floor:
            return shapely.Polygon()
        if not self.wall.stands:
            return box
        return shapely.make_valid(shapely.Polygon(self.wall.foot())).intersection(box)

    def base(self) -> tuple[np.ndarray, np.ndarray]:
        """Return heights in metres and relative albedo of the ground without objects, both float32 on the fine grid."""
        settings, rng, fine = self.settings, self.rng, self.fine
        q, _ = self.wall.coordinates(*self._coarse_xy())
        warp = 8.0 * band_noise(self.coarse_shape, self.coarse_m, rng, 40.0, 250.0)
        coarse = self.wall.height_m(q + warp * np.clip(q / 60.0, 0.0, 1.0)) if self.wall.stands else np.zeros_like(q)
        on_wall = np.clip(q / 40.0, 0.0, 1.0)
        waves = band_noise(self.coarse_shape, self.coarse_m, rng, 120.0, 1200.0)
        coarse = coarse + settings.undulation_height_m * waves * (1.0 + on_wall) + self.mounds * (1.0 - on_wall)
        # Roughness comes in patches: smooth melt beside blocky melt.
        gain = 1.0 + (settings.wall_roughness - 1.0) * on_wall
        gain *= np.exp(0.35 * band_noise(self.coarse_shape, self.coarse_m, rng, 60.0, 500.0))
        height = self._roughness()
        height *= enlarge(gain, _COARSE, fine.shape)
        height += enlarge(coarse, _COARSE, fine.shape)

        pattern = band_noise(self.coarse_shape, self.coarse_m, rng, 30.0, 800.0, hurst=0.5)
        # Walls are brighter: their dark, space-weathered surface slides off.
        tone = settings.albedo * np.exp(settings.albedo_contrast * pattern + 0.10 * on_wall)
        albedo = enlarge(tone, _COARSE, fine.shape)
        if settings.albedo_mottling:
            mottles = band_noise(fine.shape, fine.resolution_m, rng, 0.0, 30.0, hurst=0.0)
            mottles *= np.float32(settings.albedo_mottling)
            albedo *= np.exp(mottles, out=mottles)
        return height, albedo

    def _roughness(self):
        """Return fractal roughness in metres, down to the grid's limit, scaled to the slope in the settings."""
        settings, pixel_m = self.settings, self.fine.resolution_m
        rough = band_noise(self.fine.shape, pixel_m, self.rng, 0.0, 90.0, hurst=settings.floor_hurst)
        lag = max(1, round(_BASELINE_M / pixel_m))
        part = rough[: 2048 + lag, : 2048 + lag]
        steps = part[lag:, :] - part[:-lag, :], part[:, lag:] - part[:, :-lag]
        slope = np.sqrt(0.5 * sum(np.mean(step**2, dtype=np.float64) for step in steps)) / (lag * pixel_m)
        # The slope of a fractal decreases as the baseline grows.
        slope *= (lag * pixel_m / _BASELINE_M) ** (1.0 - settings.floor_hurst)
        rough *= np.float32(np.tan(np.radians(settings.floor_slope_deg)) / slope)
        return rough

    def lines(self) -> tuple[list[LineFeature], list[LineFeature]]:
        """Return the fractures of the scene, and its ridges and wrinkles."""
        settings, rng = self.settings, self.rng
        area_km2 = shapely.union_all([self.floor, self.ponds]).area * 1e-6
        total_m = 1000.0 * settings.fracture_km_per_km2 * area_km2
        place = self._placer()
        if total_m == 0 or place is None:
            return [], []
        fractures = line_complexes(total_m, place, self._may_run, settings, rng, cracks=settings.open_cracks)
        taken = shapely.STRtree([shapely.LineString(f.points).buffer(0.7 * f.width_m + 3.0) for f in fractures])

        def clear(x, y):
            free = self._may_run(x, y)
            free[taken.query(shapely.points(x, y), predicate="intersects")[0]] = False
            return free

        ridge_m = settings.ridge_share * total_m
        ridges = line_complexes((1.0 - settings.wrinkle_share) * ridge_m, place, clear, settings, rng, group=100000)
        return fractures, ridges + wrinkles(settings.wrinkle_share * ridge_m, place, clear, settings, rng, group=200000)

    def _may_run(self, x, y):
        left, bottom, right, top = self.fine.bounds
        inside = (x > left) & (x < right) & (y > bottom) & (y < top)
        on_melt = shapely.contains_xy(self.ponds, x, y)
        if self.settings.melt_floor:
            on_melt |= self.wall.coordinates(x, y)[0] < -4.0
        return inside & on_melt

    def _placer(self):
        """Return a function that draws place and direction of a complex; None if no melt is there.

        Places are denser at the foot of the wall and around hummocks.
        """
        settings, rng = self.settings, self.rng
        x, y = self._coarse_xy()
        q, s = self.wall.coordinates(x, y)
        near = np.exp(np.minimum(q, 0.0) / settings.margin_reach_m)
        # All of a pond counts as margin.
        near = np.where(shapely.contains_xy(self.ponds, x, y), 1.0, near)
        debris = self.debris()
        around = np.clip(debris / max(float(np.quantile(debris, 0.95)), 1e-3), 0.0, 1.0) ** 2
        weight = 1.0 + settings.margin_crowding * near + settings.debris_crowding * around
        cumulative = np.cumsum(np.where(self._may_run(x, y), weight, 0.0).ravel())
        if cumulative[-1] == 0:
            return None
        grain = rng.uniform(0.0, np.pi)
        down, right = np.gradient(debris)
        tangent = np.arctan2(right, down)

        def place():
            cell = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
            jitter = rng.uniform(-0.5, 0.5, 2) * self.coarse_m
            heading = grain
            if self.wall.stands and rng.random() < near.flat[cell]:
                heading = self.wall.outward_at(s.flat[cell]) + 0.5 * np.pi
            elif rng.random() < around.flat[cell]:
                heading = tangent.flat[cell]
            spread = 0.35 if rng.random() < 0.7 else np.pi
            return x.flat[cell] + jitter[0], y.flat[cell] + jitter[1], heading + rng.uniform(-spread, spread)

        return place
