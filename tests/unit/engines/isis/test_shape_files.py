"""Files that ISIS can take for a shape model."""

import numpy as np
import pytest
import rasterio

from imfmap.core.errors import InputError
from imfmap.engines.isis.shape_files import check_shape_file
from tests.helpers.isis_cubes import GRID
from tests.isis_standins import cubefile

PART = GRID.window(0, 0, 4, 4)


def test_a_shape_model_is_a_cube_that_demprep_wrote(tmp_path):
    cubefile.write_cube(tmp_path / "dem.cub", np.ones((1, 4, 4), np.float32), PART)
    with pytest.raises(InputError, match=r"^key: .*dem.cub has no table ShapeModelStatistics.*run demprep on it"):
        check_shape_file(tmp_path / "dem.cub", "key")
    cubefile.add_table(tmp_path / "dem.cub", "ShapeModelStatistics", {"MinimumRadius": [1737.4]})
    check_shape_file(tmp_path / "dem.cub", "key")
    (tmp_path / "dem.bds").write_bytes(b"DAS/DSK " + bytes(100))
    check_shape_file(tmp_path / "dem.bds", "key")


@pytest.mark.parametrize("content", ["tiff", b"", b"Object = Something\nEnd\n", b"PDS_VERSION_ID = PDS3\n"])
def test_what_is_no_cube_is_no_shape_model(tmp_path, content):
    path = tmp_path / "dem.tif"
    if content == "tiff":
        with rasterio.open(path, "w", driver="GTiff", width=4, height=4, count=1, dtype="float32") as out:
            out.write(np.ones((1, 4, 4), np.float32))
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"dem.tif is no ISIS cube.*gdal_translate -of ISIS3.*demprep"):
        check_shape_file(path, "processing.isis.shape_model")
