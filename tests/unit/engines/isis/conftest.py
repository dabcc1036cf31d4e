"""What the tests of this package share."""

import numpy as np
import pytest

from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import write_raster
from tests.helpers.isis_cubes import GRID, LAYERS, projected
from tests.isis_standins import install


@pytest.fixture
def isis(tmp_path, monkeypatch):
    """ISIS's environment, with the stand-ins for programs."""
    data = tmp_path / "data"
    (data / "lro" / "calibration").mkdir(parents=True)
    monkeypatch.setenv("ISISROOT", str(install(tmp_path / "root")))
    monkeypatch.setenv("ISISDATA", str(data))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path


@pytest.fixture
def overlapping(tmp_path):
    """Projected cubes and GeoTIFFs of three images that overlap: (cubes, GeoTIFFs by product)."""
    rng, made, pictures = np.random.default_rng(3), [], {}
    for product, (row, column, level) in LAYERS.items():
        part = GRID.window(row, column, 350, 350)
        values = rng.uniform(0.9, 1.1, part.shape).astype(np.float32) * np.float32(level)
        values[:20, :20] = np.nan
        made.append(projected(tmp_path / f"{product}.map.cub", part, values))
        facts = ImageFacts(product, "2020-01-01T00:00:00", 90.0, 40.0, 1.0, 40.0, 0.5, "isis")
        write_raster(tmp_path / f"{product}.tif", values, part, nodata=np.nan, tags=facts.tags())
        pictures[product] = tmp_path / f"{product}.tif"
    return made, pictures
