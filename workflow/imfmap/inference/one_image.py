"""Write a map with the probability of only one image at each pixel: fused maps are compared with it."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from ..core.errors import InputError
from ..maps.alignment import check_same_pixels
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG
from ..maps.probability_raster import NODATA, create_probability
from ..maps.rasters import open_raster, read_window

_BLOCK_PX = 1024


def take_shown(probability_paths: Sequence[str | Path], sources_path: str | Path, out_path: str | Path) -> None:
    """Write a raster of probability; each pixel's is that of the one image that the mosaic shows there.

    Parameters
    ----------
    probability_paths : list of path
        Probability rasters of `infer.infer_image`, on the mosaic's grid. File names are the product ids.
    sources_path : path
        Raster that tells which image each pixel of the mosaic came from, see `build.mosaic`.
    out_path : path
        8-bit probability raster to write.

    Raises
    ------
    InputError
        If an image of the mosaic is missing from `probability_paths`, or lies on another grid.
    """
    paths = {Path(path).stem: path for path in probability_paths}
    with ExitStack() as stack:
        sources = stack.enter_context(open_raster(sources_path))
        grid, products = MapGrid.of(sources), sources.tags().get(PRODUCTS_TAG, "").split(",")
        images = {}
        for number, product in enumerate(products, start=1):
            if product not in paths:
                raise InputError(
                    sources_path, f"shows image '{product}', which is not given", "infer all images of the mosaic"
                )
            images[number] = stack.enter_context(open_raster(paths[product]))
            check_same_pixels(images[number], grid, sources_path)
        out = stack.enter_context(create_probability(out_path, grid, {PRODUCTS_TAG: ",".join(products)}))
        for row, column, block in grid.blocks(_BLOCK_PX):
            shown = read_window(sources, row, column, *block.shape)
            codes = np.full(block.shape, NODATA, np.uint8)
            for number in np.unique(shown[shown > 0]).tolist():
                here = shown == number
                codes[here] = read_window(images[number], row, column, *block.shape)[here]
            window = ((row, row + block.shape[0]), (column, column + block.shape[1]))
            out.write(codes, 1, window=window)
