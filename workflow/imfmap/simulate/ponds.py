"""Ponds of impact melt: perched on the terraces of a wall, on the floors of small craters and around them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter

from ..maps.grids import MapGrid
from .objects import Craters, draw_count, power_law
from .settings import SceneSettings
from .wall import Wall

# Width of a pond's shore, and wavelength below which relief of the old ground still shows in the melt (weakly).
_SHORE_M, _DROWNED_M = 2.5, 12.0
_CRATER_SLOPE = 2.0


@dataclass(frozen=True)
class Pond:
    """A pond.

    Attributes
    ----------
    outline : shapely.Polygon
    fill : float
        Share of the ground inside the outline that lies lower than the melt.
    kind : str
        ``wall``, ``crater floor`` or ``crater rim``.
    """

    outline: shapely.Polygon
    fill: float
    kind: str


def _blob(rng):
    """Return 72 angles, and at each the radius of a wavy round outline relative to its mean."""
    angle = np.linspace(0.0, 2 * np.pi, 73)[:-1]
    waves = sum(
        amplitude * np.cos(number * angle + rng.uniform(0, 2 * np.pi))
        for number, amplitude in ((2, 0.10), (3, 0.12), (5, 0.08), (8, 0.04), (13, 0.03))
    )
    return angle, 1.0 + waves


def wall_ponds(wall: Wall, per_km: float, rng: np.random.Generator) -> list[Pond]:
    """Return perched ponds on the terraces of a wall.

    Parameters
    ----------
    wall : Wall
    per_km : float
        Ponds per km of terrace. Terraces narrower than 55 m have none.

    Returns
    -------
    list of Pond
    """
    ponds = []
    first, last = wall.span_m
    for near, far in wall.terraces:
        if far - near < 55.0:
            continue
        for s in rng.uniform(first, last, rng.poisson(per_km * (last - first) / 1000.0)):
            angle, radius = _blob(rng)
            long = rng.uniform(50.0, 150.0)
            q = 0.5 * (near + far) + 0.42 * (far - near) * radius * np.sin(angle)
            edge = wall.xy(q, s + long * radius * np.cos(angle))
            ponds.append(Pond(shapely.make_valid(shapely.Polygon(edge)), 0.35, "wall"))
    return ponds


def pond_craters(
    bounds: tuple[float, float, float, float], settings: SceneSettings, rng: np.random.Generator
) -> tuple[Craters, list[Pond]]:
    """Return craters that are older than the fractures, with melt on their floors and in hollows of their ejecta.

    Such ponds are known at craters larger than some 200 m (Plescia & Cintala 2012).

    Returns
    -------
    tuple
        Craters, and list of Pond.
    """
    left, bottom, right, top = bounds
    low, high = settings.pond_crater_min_m, settings.pond_crater_max_m
    area_m2 = (right - left) * (top - bottom)
    count = draw_count(settings.pond_craters_per_km2, low, _CRATER_SLOPE, low, 1e9, area_m2, rng)
    x, y = rng.uniform(left, right, count), rng.uniform(bottom, top, count)
    diameter = power_law(count, _CRATER_SLOPE, low, high, rng)
    craters = Craters.of(x, y, diameter, rng.uniform(0.004, 0.03, count), rng)
    ponds = []
    for k in range(count):
        ponds.append(_round_pond(x[k], y[k], rng.uniform(0.24, 0.34) * diameter[k] / 2, 0.9, "crater floor", rng))
        # Melt leaves the crater on one side, downrange of an oblique impact.
        downrange = rng.uniform(0.0, 2 * np.pi)
        for _ in range(rng.integers(2, 7)):
            angle, far = downrange + rng.normal(0.0, 0.7), 0.5 * diameter[k] * rng.uniform(1.25, 1.8)
            size = 0.5 * diameter[k] * rng.uniform(0.09, 0.2)
            centre = x[k] + far * np.cos(angle), y[k] + far * np.sin(angle)
            ponds.append(_round_pond(*centre, max(size, 9.0), 0.4, "crater rim", rng))
    return craters, ponds


def _round_pond(x, y, radius_m, fill, kind, rng):
    angle, radius = _blob(rng)
    stretch, turn = rng.uniform(0.65, 1.0), rng.uniform(0.0, np.pi)
    along, across = radius_m * radius * np.cos(angle), stretch * radius_m * radius * np.sin(angle)
    edge = np.column_stack(
        [x + along * np.cos(turn) - across * np.sin(turn), y + along * np.sin(turn) + across * np.cos(turn)]
    )
    return Pond(shapely.make_valid(shapely.Polygon(edge)), fill, kind)


def level_ponds(height: np.ndarray, albedo: np.ndarray, ponds: Sequence[Pond], grid: MapGrid) -> None:
    """Fill ponds with level, slightly darker melt, in place.

    Parameters
    ----------
    height, albedo : ndarray
        float32 (rows, columns), heights in metres and relative albedo.
    ponds : list of Pond
    grid : MapGrid
    """
    pixel_m = grid.resolution_m
    room = int(np.ceil(3 * max(_SHORE_M, _DROWNED_M) / pixel_m))
    for pond in ponds:
        left, bottom, right, top = pond.outline.bounds
        row, column = grid.rowcol(left, top)
        r0, c0 = max(0, int(row) - room), max(0, int(column) - room)
        row, column = grid.rowcol(right, bottom)
        r1, c1 = min(grid.shape[0], int(row) + room), min(grid.shape[1], int(column) + room)
        if r1 <= r0 or c1 <= c0:
            continue
        window = grid.window(r0, c0, r1 - r0, c1 - c0)
        inside = rasterize([pond.outline], window.shape, transform=window.transform, dtype="uint8").astype(np.float32)
        if not inside.any():
            continue
        ground, tone = height[r0:r1, c0:c1], albedo[r0:r1, c0:c1]
        level = np.quantile(ground[inside > 0], pond.fill)
        residue = ground - gaussian_filter(ground, _DROWNED_M / pixel_m)
        weight = gaussian_filter(inside, _SHORE_M / pixel_m)
        ground += weight * (level + 0.25 * residue - ground)
        tone *= 1.0 - 0.06 * weight
