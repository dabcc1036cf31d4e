"""The rim of a large crater around a scene. From the floor it is a ragged skyline over which the Sun rises."""

import json
from dataclasses import dataclass
from typing import Self

import numpy as np

from ..maps.grids import MapGrid
from .light import SUN_RADIUS_RAD, sun_vector
from .noise import line_noise
from .settings import SceneSettings

SKYLINE_TAG = "IMF_SKYLINE"
_CREST_STEP_M = 80.0


@dataclass(frozen=True)
class Skyline:
    """Circular crest of a crater rim.

    Attributes
    ----------
    x, y : float
        Map position of the crater's centre in metres.
    radius_m : float
        Radius of the crest.
    body_radius_m : float
        Radius of the body. Its curvature lowers a distant crest.
    crest_m : tuple of float
        Height of the crest above the sphere at even steps of the angle, counterclockwise from x.
    """

    x: float
    y: float
    radius_m: float
    body_radius_m: float
    crest_m: tuple

    @classmethod
    def draw(
        cls,
        settings: SceneSettings,
        middle: np.ndarray,
        outward: np.ndarray,
        body_radius_m: float,
        rng: np.random.Generator,
    ) -> Self | None:
        """Draw the rim of a scene. Return None if the settings have no rim.

        Parameters
        ----------
        settings : SceneSettings
        middle, outward : ndarray
            Map position of the scene's centre, and direction towards the nearest part of the rim.
        body_radius_m : float
        rng : numpy.random.Generator
        """
        if settings.rim_height_m == 0:
            return None
        radius_m = 500.0 * settings.rim_diameter_km
        count = int(2 * np.pi * radius_m / _CREST_STEP_M)
        ragged = 0.85 * line_noise(count, _CREST_STEP_M, 1800.0, rng) + 0.5 * line_noise(
            count, _CREST_STEP_M, 350.0, rng
        )
        blend = np.clip((np.arange(count) - 0.95 * count) / (0.05 * count), 0.0, 1.0)
        ragged = ragged * (1.0 - blend) + ragged[0] * blend
        crest_m = settings.rim_height_m * np.maximum(1.0 + settings.rim_raggedness * ragged, 0.0)
        x, y = middle + outward * (1000.0 * settings.rim_distance_km - radius_m)
        return cls(float(x), float(y), radius_m, float(body_radius_m), tuple(np.round(crest_m, 1).tolist()))

    @classmethod
    def from_tag(cls, text: str | None) -> Self | None:
        """Return the skyline of a raster's tag, or None if the tag is missing or empty."""
        if not text:
            return None
        fields = json.loads(text)
        return cls(**fields | {"crest_m": tuple(fields["crest_m"])})

    def to_tag(self) -> str:
        """Return the skyline as text for a raster's tag."""
        return json.dumps(self.__dict__)

    def lit(self, grid: MapGrid, height_m: np.ndarray, sun_azimuth_deg: float, incidence_deg: float) -> np.ndarray:
        """Return the share of the Sun's disc above the rim, as seen from every pixel.

        Parameters
        ----------
        grid : MapGrid
        height_m : ndarray
            (rows, columns) on `grid`.
        sun_azimuth_deg : float
            Direction towards the Sun on the map, clockwise from up.
        incidence_deg : float
            Incidence angle on level ground.

        Returns
        -------
        ndarray
            float32 (rows, columns), 0 in full shadow, 1 in full light.
        """
        out = np.ones(grid.shape, np.float32)
        if incidence_deg < 1.0:
            return out
        east, north, _ = sun_vector(sun_azimuth_deg, 90.0)
        elevation = np.radians(90.0 - incidence_deg)
        crest_m = np.asarray(self.crest_m)
        steps = np.linspace(0.0, 2 * np.pi, len(crest_m), endpoint=False)
        columns = np.arange(grid.shape[1])
        for row in range(grid.shape[0]):
            x, y = grid.xy(row, columns)
            dx, dy = x - self.x, y - self.y
            # The line to the Sun crosses the circle of the crest after `far` metres.
            ahead = dx * east + dy * north
            root = ahead * ahead - dx * dx - dy * dy + self.radius_m**2
            far = -ahead + np.sqrt(np.maximum(root, 0.0))
            meets = (root > 0.0) & (far > 1.0)
            far = np.where(meets, far, 1.0)
            angle = np.arctan2(dy + far * north, dx + far * east) % (2 * np.pi)
            crest = np.interp(angle, steps, crest_m, period=2 * np.pi)
            above = np.arctan((crest - height_m[row]) / far - far / (2.0 * self.body_radius_m))
            out[row] = np.where(meets, _share_above((elevation - above) / SUN_RADIUS_RAD), 1.0)
        return out


def _share_above(x):
    """Return the share of a disc that lies above a chord `x` radii below its centre."""
    x = np.clip(x, -1.0, 1.0)
    return 0.5 + (x * np.sqrt(1.0 - x * x) + np.arcsin(x)) / np.pi
