"""Arrows to the Sun in figures."""

import numpy as np
import pytest

from imfmap.maps.rasters import create_raster, open_raster
from imfmap.products.figures.insets import Square
from imfmap.products.figures.sun_arrows import SunArrows, sun_azimuths
from tests.helpers.target_factory import PRODUCTS, target_grid, write_target


def test_the_sun_is_that_of_the_image_that_is_shown(tmp_path):
    target = write_target(tmp_path)
    azimuths = sun_azimuths(target.images, target / "mosaic.tif")
    assert azimuths == {PRODUCTS[0]: 275.0, PRODUCTS[1]: 95.0}
    with create_raster(
        tmp_path / "sources.tif", target.grid, "uint8", nodata=0, tags={"IMF_PRODUCTS": ",".join(PRODUCTS)}
    ) as sources:
        values = np.ones(target.grid.shape, np.uint8)
        values[:, 450:], values[:20] = 2, 0
        sources.write(values, 1)
    with open_raster(tmp_path / "sources.tif") as sources:
        suns = SunArrows(sources, azimuths)
        assert suns.of(Square(200, 100, 64)) == [275.0] and suns.of(Square(200, 700, 64)) == [95.0]
        # Most of a window counts, whatever has no data.
        assert suns.of(Square(200, 400, 64)) == [275.0] and suns.of(Square(200, 430, 64)) == [95.0]
        assert suns.of(Square(0, 100, 64)) == [275.0] and suns.of(Square(0, 100, 20)) == []
        assert suns.all() == [95, 275] and SunArrows(sources, {}).of(Square(200, 100, 64)) == []


def test_the_sun_of_a_finished_mosaic_is_told_from_north(tmp_path):
    polar = target_grid("polar_stereographic", lat_deg=80.0, lon_deg=0.0, size=(200, 200))
    with create_raster(tmp_path / "m.tif", polar, "uint8", nodata=0, tags={"IMF_PRODUCTS": "theirs"}) as mosaic:
        mosaic.write(np.ones(polar.shape, np.uint8), 1)
    # On the meridian that points down from a north pole, north is up; half way around, down.
    assert sun_azimuths([], tmp_path / "m.tif", 30.0)["theirs"] == pytest.approx(30.0, abs=0.2)
    assert sun_azimuths([], tmp_path / "m.tif") == {}
