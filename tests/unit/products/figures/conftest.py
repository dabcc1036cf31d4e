"""What the tests of this package share."""

import numpy as np
import pytest

from imfmap.fractures.accept import read_boundary
from imfmap.fractures.orientations import rose
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.page import SheetText
from imfmap.products.figures.sheets import overview_sheet, rejected_sheet
from imfmap.products.figures.sun_arrows import sun_azimuths
from tests.helpers.target_factory import write_target


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A small target and its sheets."""
    target = write_target(tmp_path_factory.mktemp("target"))
    fractures, rejected = (read_vector(target / "fractures.gpkg", name) for name in ("fractures", "rejected"))
    boundary = read_boundary(target.boundary, fractures.crs)
    azimuths = sun_azimuths(target.images, target / "mosaic.tif")
    paths = target / "mosaic.tif", target / "mosaic_sources.tif"
    text = SheetText("Crookes", "10.4 S", "small print", ["A first sentence.", "And a second one."])
    overview = [target / "overview.png", target / "overview.pdf"]
    overview_sheet(overview, *paths, fractures, text, rose(np.array([90.0]), np.array([300.0])), boundary, azimuths)
    rejected_sheet([target / "rejected.png", target / "rejected.pdf"], *paths, rejected, text, azimuths)
    return target, fractures, rejected, paths, text
