"""Averages of images on coarser grids."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from ..core.errors import InputError
from ..maps.grids import MapGrid
from ..maps.image_facts import ImageFacts
from ..maps.rasters import create_raster, naming_file, open_raster
from .georeference import without_datum

_BLOCK_PX = 1024


def average_image(path: str | Path, grid: MapGrid, out_path: str | Path) -> None:
    """Average a projected image onto a coarser grid, and write it.

    Each pixel is the mean of the image's pixels that it covers and that have data. Pixels whose centre lies off the
    image's raster stay empty.

    Parameters
    ----------
    path : path
        float32 I/F raster with `image_facts.ImageFacts` tags, NaN for no data.
    grid : MapGrid
        Coarser grid of the same body.
    out_path : path
        Raster to write, of the same kind.

    Raises
    ------
    InputError
        If no pixel of the grid has data.
    """
    with open_raster(path) as image:
        facts = ImageFacts.from_tags(image.tags(), path)
        facts = replace(facts, ground_resolution_m=max(facts.ground_resolution_m, grid.resolution_m))
        own, seen = MapGrid.of(image), False
        with (
            WarpedVRT(
                image,
                src_crs=without_datum(image.crs),
                crs=without_datum(grid.crs),
                transform=grid.transform,
                height=grid.shape[0],
                width=grid.shape[1],
                src_nodata=np.nan,
                nodata=np.nan,
                resampling=Resampling.average,
            ) as averaged,
            create_raster(out_path, grid, "float32", nodata=np.nan, tags=facts.tags()) as out,
        ):
            read = naming_file(averaged.read, path)
            for row, column, block in grid.blocks(_BLOCK_PX):
                window = Window(column, row, *block.shape[::-1])
                values = np.where(_inside(own, block), read(1, window=window), np.float32(np.nan))
                if np.isfinite(values).any():
                    seen = True
                    out.write(values, 1, window=window)
            if not seen:
                raise InputError(path, "has no valid pixel on the coarser map", "check the target it was made for")


def _inside(grid, block):
    """Return which pixels of a block have their centre on a grid. GDAL also fills pixels that only touch it."""
    row, column = grid.rowcol(*block.xy(np.arange(block.shape[0])[:, None], np.arange(block.shape[1])))
    return (np.abs(row + 0.5 - grid.shape[0] / 2) < grid.shape[0] / 2) & (
        np.abs(column + 0.5 - grid.shape[1] / 2) < grid.shape[1] / 2
    )
