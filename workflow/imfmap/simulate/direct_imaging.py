"""Direct imaging: images of a simulated scene made directly on the map, for large sets.

No line is scanned from the orbit and no EDR is made. But an image covers the ground that its camera would have seen,
and its tags hold the same facts as those of an image from the sensor path.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.features import geometry_mask
from rasterio.windows import Window

from ..camera.footprint import footprint
from ..camera.projection import image_facts
from ..core.errors import InputError
from ..maps.grids import MapGrid
from ..maps.image_facts import ImageFacts
from ..maps.rasters import BLOCK, create_raster, open_raster
from .imaging import SCENE_BOUNDS_TAG, ViewingGeometry, map_azimuth, observe, scene_camera
from .settings import ImageSettings
from .skyline import SKYLINE_TAG, Skyline

WINDOW_PX = 2048
# Margin in camera pixels around a window. It is wider than the reach of blur and cubic convolution.
_MARGIN_PX = 24
_GDAL_CACHE_MB = 128


@dataclass(frozen=True)
class TerrainPart:
    """Part of a `Terrain`, with what light and camera need."""

    grid: MapGrid
    height_m: np.ndarray
    albedo: np.ndarray
    skyline: Skyline | None


class TerrainFile:
    """Heights and albedo of a scene, read part by part.

    Parameters
    ----------
    dataset : rasterio.DatasetReader
        Opened terrain file, as `make_scene` writes it.

    Attributes
    ----------
    grid : MapGrid
    bounds : tuple of float
        Bounds of the scene without the terrain's margin: left, bottom, right, top in map metres.

    Raises
    ------
    InputError
        If the raster is not a terrain.
    """

    def __init__(self, dataset: rasterio.DatasetReader):
        if dataset.count != 2 or SCENE_BOUNDS_TAG not in dataset.tags():
            raise InputError(dataset.name, "is not a simulated terrain", "make the scene again")
        self._dataset = dataset
        self.grid = MapGrid.of(dataset)
        self.bounds = tuple(float(edge) for edge in dataset.tags()[SCENE_BOUNDS_TAG].split())
        self._skyline = Skyline.from_tag(dataset.tags().get(SKYLINE_TAG))
        # For each block of the file: left, bottom, right, top in map metres, lowest and highest point.
        self._blocks = np.array(
            [
                (*self.grid.window(w.row_off, w.col_off, w.height, w.width).bounds, heights.min(), heights.max())
                for w, heights in ((w, dataset.read(1, window=w)) for _, w in dataset.block_windows(1))
            ]
        )

    def sun_on_map_deg(self, azimuth_deg: float) -> float:
        """Return the direction towards the Sun on the map, clockwise from up, at the scene's centre.

        Parameters
        ----------
        azimuth_deg : float
            The same direction on the ground, clockwise from north.
        """
        left, bottom, right, top = self.bounds
        row, column = self.grid.rowcol((left + right) / 2, (bottom + top) / 2)
        return map_azimuth(self.grid, *(float(angle) for angle in self.grid.lonlat(row, column)), azimuth_deg)

    def needed_bounds(
        self,
        bounds: tuple[float, float, float, float],
        viewing: ViewingGeometry,
        sun_on_map_deg: float,
        incidence_deg: float,
    ) -> tuple[float, float, float, float]:
        """Return the map bounds of all ground that the image of a window depends on.

        Parameters
        ----------
        bounds : tuple of float
            Window: left, bottom, right, top in map metres.
        viewing : imaging.ViewingGeometry
        sun_on_map_deg, incidence_deg : float

        Returns
        -------
        tuple of float
            The window's bounds, widened by the camera's blur and parallax, and towards the Sun by the longest shadow.
        """
        left, bottom, right, top, low, high = self._blocks.T
        parallax = np.abs(viewing.lift(np.zeros(1), np.zeros(1))).max() * np.abs([low, high]).max()
        margin_m = _MARGIN_PX * max(viewing.sample_m, viewing.line_m) + parallax
        # Shadows of a block reach the window if they are longer than the gap between block and window.
        across = np.maximum(np.maximum(left - bounds[2], bounds[0] - right), 0.0)
        along = np.maximum(np.maximum(bottom - bounds[3], bounds[1] - top), 0.0)
        gap_m = np.maximum(np.hypot(across, along) - margin_m, 0.0)
        throws_m = (high - low[gap_m == 0.0].min()) * np.tan(np.radians(incidence_deg))
        reaching = throws_m >= gap_m
        far_m = gap_m + np.hypot(right - left, top - bottom) + margin_m
        reach_m = np.minimum(throws_m, far_m)[reaching].max()
        towards = np.radians(sun_on_map_deg)
        right_m, up_m = reach_m * np.sin(towards), reach_m * np.cos(towards)
        return (
            bounds[0] - margin_m + min(right_m, 0.0),
            bounds[1] - margin_m + min(up_m, 0.0),
            bounds[2] + margin_m + max(right_m, 0.0),
            bounds[3] + margin_m + max(up_m, 0.0),
        )

    def part(self, bounds: tuple[float, float, float, float]) -> TerrainPart:
        """Return the part of the terrain that lies inside map bounds (left, bottom, right, top).

        Returns
        -------
        TerrainPart
        """
        (top, bottom), (left, right) = self.grid.rowcol(np.array(bounds)[[0, 2]], np.array(bounds)[[3, 1]])
        row, column = max(0, int(np.floor(top))), max(0, int(np.floor(left)))
        last_row = min(self.grid.shape[0], int(np.ceil(bottom)) + 1)
        last_column = min(self.grid.shape[1], int(np.ceil(right)) + 1)
        window = Window(column, row, last_column - column, last_row - row)
        height_m, albedo = (self._dataset.read(band, window=window) for band in (1, 2))
        return TerrainPart(self.grid.window(row, column, *height_m.shape), height_m, albedo, self._skyline)


def image_to_map(
    terrain_path: str | Path,
    image: ImageSettings | dict[str, Any],
    grid: MapGrid,
    out_path: str | Path,
    seed: int,
    window_px: int = WINDOW_PX,
) -> ImageFacts:
    """Write an image of a scene, made directly on the map.

    The map is filled window by window. Each window is lit together with all ground that could throw a shadow on it, so
    that memory does not grow with the scene.

    Parameters
    ----------
    terrain_path : path
        Terrain file, as `make_scene` writes it.
    image : ImageSettings or dict
    grid : MapGrid
        Target grid.
    out_path : path
        GeoTIFF, float32 I/F, NaN where there is no data, with the tags of `image_facts.ImageFacts`; engine ``direct``.
    seed : int
        Seed of the scene. Noise depends on it, on the product id and on `window_px`.
    window_px : int
        Side of the windows in pixels.

    Returns
    -------
    ImageFacts

    Raises
    ------
    InputError
        If the file is not a terrain, the image lies outside the grid, or a setting is out of range.
    """
    image = image if isinstance(image, ImageSettings) else ImageSettings.from_mapping(image)
    with rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB), open_raster(terrain_path) as dataset:
        terrain = TerrainFile(dataset)
        camera = scene_camera(image, terrain.grid, terrain.bounds, seed)
        sun = terrain.sun_on_map_deg(image.sun_azimuth_deg), image.incidence_deg
        facts = image_facts(camera, grid, "direct")
        swath = footprint(camera, grid.crs)
        rng_key = [seed, int(camera.product_id[1:-2])]
        with create_raster(out_path, grid, "float32", nodata=np.nan, tags=facts.tags()) as out:
            first_row, first_column, covered = _covered(grid, swath)
            for row, column, window in covered.blocks(window_px):
                row, column = row + first_row, column + first_column
                seen = ~geometry_mask([swath], window.shape, window.transform)
                if not seen.any():
                    continue
                viewing = ViewingGeometry.of(camera, window)
                part = terrain.part(terrain.needed_bounds(window.bounds, viewing, *sun))
                rng = np.random.default_rng([*rng_key, row, column])
                iof = observe(part, window, *sun, rng, viewing)
                pixels = np.where(seen, iof, np.float32(np.nan))
                out.write(pixels, 1, window=Window(column, row, *pixels.shape[::-1]))
    return facts


def _covered(grid, swath):
    """Return row, column and grid of the part of a map that a swath covers. It begins at the corner of a file block."""
    left, bottom, right, top = swath.bounds
    (first_row, last_row), (first_column, last_column) = grid.rowcol([left, right], [top, bottom])
    row, column = (max(0, int(first)) // BLOCK * BLOCK for first in (first_row, first_column))
    return row, column, grid.window(row, column, int(last_row) + 2 - row, int(last_column) + 2 - column)
