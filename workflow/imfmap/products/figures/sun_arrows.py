"""Where the Sun stands on a target's map, and which of its images' Suns a part of the mosaic shows."""

import numpy as np

from ...camera.footprint import map_azimuth_deg
from ...maps.grids import MapGrid
from ...maps.image_facts import PRODUCTS_TAG, facts_of
from ...maps.rasters import open_raster, read_window


def sun_azimuths(images, mosaic_path, sun_azimuth_deg=None):
    """Directions to the Sun on a target's map.

    Parameters
    ----------
    images : sequence of path
        Projected images that the mosaic was made of.
    mosaic_path : path
    sun_azimuth_deg : float, optional
        Of a finished mosaic that is under one Sun: clockwise from north.

    Returns
    -------
    dict of str to float
        By product, clockwise from the map's up.
    """
    if sun_azimuth_deg is not None and not images:
        with open_raster(mosaic_path) as mosaic:
            grid, product = MapGrid.of(mosaic), mosaic.tags().get(PRODUCTS_TAG, "")
        middle = (float(value) for value in grid.lonlat((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2))
        return {product: map_azimuth_deg(grid, *middle, sun_azimuth_deg)}
    return {facts.product: facts.sun_azimuth_deg for facts in map(facts_of, images)}


class SunArrows:
    """Azimuths of the Sun arrows of a mosaic's windows: the Sun of the image that most of the window came from.

    Parameters
    ----------
    sources : rasterio dataset
        ``mosaic_sources.tif``.
    azimuths_deg : mapping of str to float
        Direction towards the Sun on the map by product; of products that are not in it the Sun is not known.
    """

    def __init__(self, sources, azimuths_deg):
        self._sources, self._azimuths_deg = sources, azimuths_deg
        self._products = sources.tags().get(PRODUCTS_TAG, "").split(",")

    def of(self, window):
        """list of float: its azimuth; empty where it is not known."""
        pixels = read_window(self._sources, window.row, window.column, window.side_px, window.side_px, fill=0)
        counts = np.bincount(pixels.ravel(), minlength=len(self._products) + 1)
        counts[0] = 0
        product = self._products[int(counts.argmax()) - 1] if counts.any() else None
        return [self._azimuths_deg[product]] if product in self._azimuths_deg else []

    def all(self):
        """list of float: those of all images, each direction once."""
        return sorted({round(azimuth) for azimuth in self._azimuths_deg.values()})
