"""The mosaic that automos made, as the files with which this workflow goes on."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import InputError
from ...maps.alignment import offset_on
from ...maps.grids import MapGrid
from ...maps.image_layers import ImageLayer
from ...maps.rasters import open_raster
from ...mosaic.build import MosaicPart, write_mosaic
from .commands import tracking_cube
from .cubes import read_map
from .tracking import open_tracking, read_tracked

_WINDOW_PX = 1024


def export_mosaic(
    cube_path: str | Path,
    grid: MapGrid,
    images: Mapping[str, str | Path],
    out_path: str | Path,
    sources_path: str | Path,
    settings: Mapping[str, Any],
) -> None:
    """Write the mosaic that automos made as an 8-bit picture, and the source image of each pixel.

    Parameters
    ----------
    cube_path : path
        Cube of automos. Its tracking cube lies beside it if `commands.tracks` says so.
    grid : MapGrid
    images : mapping
        Projected GeoTIFF of each image by its product id, in the order in which automos read them.
    out_path, sources_path : path
        As `build.mosaic` writes them. automos does not track an average: the source is then the first image that has
        the pixel.
    settings : mapping
        ``processing.mosaic`` of the config.

    Raises
    ------
    InputError
        If the mosaic is not on the grid, or its tracking cube names other images.
    """
    tracking = tracking_cube(cube_path)
    products = list(images)
    with ExitStack() as stack:
        cube = stack.enter_context(open_raster(cube_path))
        row, column = offset_on(cube, grid, "the target's map", "project the images again with its map template")
        if settings["priority"] != "average":
            sources_in = _tracked(stack, tracking, products, (row, column))
        else:
            sources_in = _first_with_data(stack, images, grid)

        def pixels(top, left, shape):
            values = read_map(cube, top - row, left - column, *shape)
            valid = np.isfinite(values)
            # automos writes an image's number at its Null pixels, too.
            return (values, np.where(valid, sources_in(top, left, shape), 0)) if valid.any() else None

        parts = [MosaicPart(top, left, window.shape, pixels) for top, left, window in grid.blocks(_WINDOW_PX)]
        tags = {"IMF_PRIORITY": settings["priority"], "IMF_BRIGHTNESS": settings["brightness"]}
        write_mosaic(parts, grid, products, out_path, sources_path, settings["stretch"], tags)


def _tracked(stack, path, products, offset):
    """Return a function that reads the sources in a window from the tracking cube."""
    tracking, files = stack.enter_context(open_tracking(path))
    places = np.zeros(max(files) + 1, np.int32)
    for value, name in files.items():
        # The cubes that automos was given are named by their product up to the first dot.
        product = name.split(".")[0]
        if product not in products:
            raise InputError(path, f"names {name}, which is no image of the target", "run automos again")
        places[value] = products.index(product) + 1

    def read(top, left, shape):
        values = read_tracked(tracking, top - offset[0], left - offset[1], *shape)
        return places[np.where(values < len(places), values, 0)]

    return read


def _first_with_data(stack, images, grid):
    """Return a function that finds the first image that has each pixel of a window."""
    image_layers = [stack.enter_context(ImageLayer.open(path, grid)) for path in images.values()]

    def read(top, left, shape):
        sources = np.zeros(shape, np.int32)
        for number, layer in enumerate(image_layers, start=1):
            pixels = layer.read(top, left, *shape)
            if pixels is not None:
                sources[np.isfinite(pixels) & (sources == 0)] = number
        return sources

    return read
