"""The tracking cube of a mosaic."""

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.engines.isis import tracking
from tests.isis_standins import programs


def test_a_tracking_cube_tells_its_files_and_values(tmp_path, overlapping):
    made, _ = overlapping
    tracking.write_list(made, tmp_path / "cubes.lis")
    parameters = {"fromlist": str(tmp_path / "cubes.lis"), "mosaic": str(tmp_path / "mosaic.cub")}
    programs.automos({**parameters, "priority": "ONTOP", "track": "yes"})
    with tracking.open_tracking(tmp_path / "mosaic_tracking.cub") as (dataset, files):
        assert files == {3: "M1L.map.cub", 4: "M2R.map.cub", 5: "M3L.map.cub"}
        values = tracking.read_tracked(dataset, 0, 0, *dataset.shape)
    assert set(np.unique(values)) == {0, 3, 4, 5}
    tracking.check_tracking(tmp_path / "mosaic_tracking.cub", values.shape)
    with pytest.raises(InputError, match="mosaic.cub: does not hold unsigned 32-bit integers; run automos"):
        tracking.check_tracking(tmp_path / "mosaic.cub", values.shape)
