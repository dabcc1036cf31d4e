"""Directions to the Sun on a target's map, and the direction for the image that a part of the mosaic shows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...camera.footprint import map_azimuth_deg
from ...maps.grids import MapGrid
from ...maps.image_facts import PRODUCTS_TAG, facts_of
from ...maps.rasters import open_raster, read_window

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

    from .insets import Square


def sun_azimuths(
    images: Sequence[str | Path], mosaic_path: str | Path, sun_azimuth_deg: float | None = None
) -> dict[str, float]:
    """Return the directions to the Sun on a target's map.

    Parameters
    ----------
    images : sequence of str or Path
        Projected images that the mosaic was made from.
    mosaic_path : str or Path
    sun_azimuth_deg : float, optional
        Direction for a finished mosaic under one Sun, degrees clockwise from north.

    Returns
    -------
    dict of str to float
        Degrees clockwise from the map's up, by product.
    """
    if sun_azimuth_deg is not None and not images:
        with open_raster(mosaic_path) as mosaic:
            grid, product = MapGrid.of(mosaic), mosaic.tags().get(PRODUCTS_TAG, "")
        middle = (float(value) for value in grid.lonlat((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2))
        return {product: map_azimuth_deg(grid, *middle, sun_azimuth_deg)}
    return {facts.product: facts.sun_azimuth_deg for facts in map(facts_of, images)}


class SunArrows:
    """Azimuths of Sun arrows for windows of a mosaic: the Sun of the image that fills most of a window.

    Parameters
    ----------
    sources : rasterio dataset
        ``mosaic_sources.tif``.
    azimuths_deg : mapping of str to float
        Directions towards the Sun on the map, by product. For a product that is missing, the Sun is unknown.
    """

    def __init__(self, sources: "DatasetReader", azimuths_deg: Mapping[str, float]):
        self._sources, self._azimuths_deg = sources, azimuths_deg
        self._products = sources.tags().get(PRODUCTS_TAG, "").split(",")

    def of(self, window: "Square") -> list[float]:
        """Return a list with the azimuth for a window; an empty list if it is unknown."""
        pixels = read_window(self._sources, window.row, window.column, window.side_px, window.side_px, fill=0)
        counts = np.bincount(pixels.ravel(), minlength=len(self._products) + 1)
        counts[0] = 0
        product = self._products[int(counts.argmax()) - 1] if counts.any() else None
        return [self._azimuths_deg[product]] if product in self._azimuths_deg else []

    def all(self) -> list[int]:
        """Return the azimuths of all images in whole degrees, each direction once."""
        return sorted({round(azimuth) for azimuth in self._azimuths_deg.values()})
