"""A mosaic that somebody else made: a GeoTIFF with the CRS of a known body."""

from pathlib import Path

import numpy as np
from rasterio.windows import Window

from .bodies import body_of
from .errors import InputError
from .grids import MapGrid
from .layers import PRODUCTS_TAG
from .rasters import BLOCK, create_raster, open_raster


def import_mosaic(path, mosaic_path, sources_path):
    """Take in a finished 8-bit mosaic, window by window.

    Parameters
    ----------
    path : path
        Raster of one or more bands (the first counts), uint8, 0 or its nodata value where there is no data.
    mosaic_path, sources_path : path
        To write: as `mosaic.mosaic` does, with the one source that there is.

    Raises
    ------
    InputError
        For a mosaic without georeference, in degrees, on no known body, not north-up, not 8-bit, or without data.
    """
    with open_raster(path) as source:
        if source.crs is None or source.transform.is_identity:
            raise InputError(path, "has no georeference", "give a GeoTIFF with the CRS of its body")
        if not source.crs.is_projected:
            raise InputError(path, "is in degrees, not metres", "project it first, e.g. with gdalwarp -t_srs")
        if source.dtypes[0] != "uint8":
            raise InputError(path, f"is {source.dtypes[0]}", "scale it first: gdal_translate -ot Byte -scale")
        if source.transform.b or source.transform.d or source.transform.e > 0:
            raise InputError(path, "is not north-up", "warp it first with gdalwarp")
        body_of(source.crs.to_wkt())
        grid = MapGrid.of(source)
        tags = {PRODUCTS_TAG: Path(path).stem}
        seen = False
        with (
            create_raster(mosaic_path, grid, "uint8", nodata=0, tags=tags) as mosaic,
            create_raster(sources_path, grid, "uint8", nodata=0, tags=tags, overviews="nearest") as sources,
        ):
            for row, column, block in grid.blocks(4 * BLOCK):
                window = Window(column, row, block.shape[1], block.shape[0])
                values = source.read(1, window=window, masked=True).filled(0)
                seen |= bool(values.any())
                mosaic.write(values, 1, window=window)
                sources.write((values > 0).astype(np.uint8), 1, window=window)
            if not seen:
                raise InputError(path, "has no valid pixel", "check its nodata value")
