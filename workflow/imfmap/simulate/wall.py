"""The crater around a scene: the arc of its terraced wall, and coordinates relative to the wall.

The coordinates are q, the distance behind the foot of the wall (negative on the floor), and s, the length along the
foot (zero in the direction of the wall from the centre). Both are in metres.
"""

import numpy as np

from ..maps.grids import MapGrid
from .noise import line_noise
from .settings import SceneSettings

_TABLE_STEP_M = 8.0
_NO_WALL_M = 1e6


class Wall:
    """Arc of a crater wall through a scene.

    Parameters
    ----------
    settings : SceneSettings
    target : MapGrid
        Target grid of the scene. The wall covers `wall_share` of it.
    rng : numpy.random.Generator

    Attributes
    ----------
    stands : bool
        Whether there is a wall at all.
    outward : ndarray
        Map direction (x, y) from the floor to the wall.
    radius_m : float
        Radius of the floor.
    centre : ndarray
        Map x, y of the crater's centre.
    span_m : tuple of float
        Range of s inside the scene.
    terraces : list of tuple of float
        Range of q of every terrace.
    """

    def __init__(self, settings: SceneSettings, target: MapGrid, rng: np.random.Generator):
        left, bottom, right, top = target.bounds
        self.middle = np.array([(left + right) / 2, (bottom + top) / 2])
        size = np.array([right - left, top - bottom])
        azimuth = settings.wall_azimuth_deg if settings.wall_azimuth_deg >= 0 else rng.uniform(0.0, 360.0)
        self.outward = np.array([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))])
        self.stands = settings.wall_share > 0
        self.radius_m = max(500.0 * settings.floor_diameter_km, 0.55 * float(np.hypot(*size)))
        self._draw_foot(rng)
        x, y = np.meshgrid(np.linspace(left, right, 160), np.linspace(bottom, top, 160))
        self.centre = self._centre(x, y, settings.wall_share)
        q, s = self.coordinates(x, y)
        on_wall = q > -500.0
        self.span_m = (float(s[on_wall].min()), float(s[on_wall].max())) if on_wall.any() else (0.0, 0.0)
        self._draw_profile(settings, rng, float(np.hypot(*size)))

    def _draw_foot(self, rng):
        count = int(2 * np.pi * self.radius_m / _TABLE_STEP_M)
        self._angle = np.linspace(-np.pi, np.pi, count)
        spacing_m = 2 * np.pi * self.radius_m / count
        meander = 22.0 * line_noise(count, spacing_m, 160.0, rng) + 6.0 * line_noise(count, spacing_m, 45.0, rng)
        # The two ends of the table meet on the far side.
        blend = np.clip((np.arange(count) - 0.95 * count) / (0.05 * count), 0.0, 1.0)
        self._meander_m = meander * (1.0 - blend) + meander[0] * blend

    def _centre(self, x, y, share):
        """Return the crater's centre for which a given share of the scene lies on the wall."""
        near, far = 0.0, 2.0 * self.radius_m
        for _ in range(40):
            back = 0.5 * (near + far)
            self.centre = self.middle - back * self.outward
            if np.mean(self.coordinates(x, y)[0] > 0) > share:
                far = back
            else:
                near = back
        return self.middle - near * self.outward

    def coordinates(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return q and s of map positions, both with the shape of x."""
        dx, dy = np.asarray(x) - self.centre[0], np.asarray(y) - self.centre[1]
        if not self.stands:
            return np.full(dx.shape, -_NO_WALL_M), np.zeros(dx.shape)
        ahead = dx * self.outward[0] + dy * self.outward[1]
        aside = dx * self.outward[1] - dy * self.outward[0]
        angle = np.arctan2(aside, ahead)
        return np.hypot(ahead, aside) - self.radius_m - self._meander_at(angle), self.radius_m * angle

    def _meander_at(self, angle):
        return np.interp(angle, self._angle, self._meander_m)

    def xy(self, q: float | np.ndarray, s: float | np.ndarray) -> np.ndarray:
        """Return the map positions (n, 2) of places with coordinates q and s."""
        angle = np.asarray(s) / self.radius_m
        reach = self.radius_m + self._meander_at(angle) + q
        east, north = self.outward
        ahead, aside = reach * np.cos(angle), reach * np.sin(angle)
        return self.centre + np.stack([ahead * east + aside * north, ahead * north - aside * east], axis=-1)

    def outward_at(self, s: float) -> float:
        """Return the direction away from the crater's centre at s, in radians counterclockwise from x."""
        return np.arctan2(self.outward[1], self.outward[0]) - s / self.radius_m

    def foot(self) -> np.ndarray:
        """Return the foot of the wall around the whole crater, as map positions (n, 2)."""
        return self.xy(0.0, self.radius_m * self._angle)

    def _draw_profile(self, settings, rng, reach_m):
        """Draw the terraced profile: height over distance behind the foot, with alternating scarps and terraces."""
        q, slopes = [0.0], []
        while q[-1] < reach_m:
            for length, slope in (
                (rng.uniform(60, 160), settings.wall_slope_deg + rng.normal(0, 2.0)),
                (rng.uniform(50, 140), rng.uniform(-1.0, 6.0)),
            ):
                q.append(q[-1] + length)
                slopes.append(np.tan(np.radians(max(slope, -1.0))))
        at = np.arange(-100.0, reach_m, 2.0)
        slope = np.where(at > 0, np.array(slopes)[np.clip(np.searchsorted(q, at) - 1, 0, len(slopes) - 1)], 0.0)
        kernel = np.exp(-0.5 * (np.arange(-30, 31) / 7.0) ** 2)
        slope = np.convolve(np.pad(slope, 30, mode="edge"), kernel / kernel.sum(), mode="valid")
        self._profile_q, self._profile_m = at, np.concatenate([[0.0], np.cumsum(slope[:-1]) * 2.0])
        self.terraces = list(zip(q[1::2], q[2::2], strict=False)) if self.stands else []

    def height_m(self, q: np.ndarray) -> np.ndarray:
        """Return heights over the floor in metres at distances behind the foot."""
        return np.interp(q, self._profile_q, self._profile_m)
