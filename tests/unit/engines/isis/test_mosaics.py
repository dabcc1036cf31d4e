"""The mosaic of automos, held to the native engine's."""

import numpy as np
import pytest

from imfmap.engines.isis import commands, mosaics, tracking
from imfmap.maps.rasters import read_raster
from imfmap.mosaic.build import mosaic
from tests.helpers.isis_cubes import GRID
from tests.isis_standins import programs


@pytest.mark.parametrize("stretch", ["minmax", "percentile"])
@pytest.mark.parametrize("priority", ["beneath", "ontop", "average"])
def test_automoss_mosaic_is_the_native_one(tmp_path, overlapping, priority, stretch):
    made, pictures = overlapping
    tracking.write_list(made, tmp_path / "cubes.lis")
    command = commands.mosaic(tmp_path / "cubes.lis", tmp_path / "mosaic.cub", priority)
    programs.automos({"track": "no", **{name: str(value) for name, value in command.parameters.items()}}
                     | ({"track": "yes"} if commands.tracks(priority) else {}))  # fmt: skip
    settings = {"priority": priority, "stretch": stretch, "brightness": "none"}
    outs = tmp_path / "isis.tif", tmp_path / "isis_sources.tif"
    mosaics.export_mosaic(tmp_path / "mosaic.cub", GRID, pictures, *outs, settings)
    mosaic(list(pictures.values()), GRID, tmp_path / "n.tif", tmp_path / "n_sources.tif", priority, stretch)
    for ours, native in zip(outs, (tmp_path / "n.tif", tmp_path / "n_sources.tif"), strict=True):
        (values, grid, tags), (expected, expected_grid, expected_tags) = read_raster(ours), read_raster(native)
        np.testing.assert_allclose(values.astype(int), expected.astype(int), atol=int(priority == "average"))
        assert grid == expected_grid
        assert tags["IMF_PRODUCTS"] == expected_tags["IMF_PRODUCTS"] == "M1L,M2R,M3L"
    assert set(np.unique(read_raster(outs[1])[0])) == {0, 1, 2, 3}
