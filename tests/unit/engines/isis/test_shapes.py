"""Shape models of cubes."""

import numpy as np
import pytest

from imfmap.camera.shape_model import ShapeModel
from imfmap.core.errors import SetupError
from imfmap.engines.isis import shapes
from tests.helpers.isis_cubes import GRID
from tests.isis_standins import cubefile

PART = GRID.window(0, 0, 4, 4)


def cube_on(path, shape):
    """A cube whose label names a shape model."""
    cubefile.write_cube(path, np.ones((1, 4, 4), np.float32))
    cubefile.add_groups(path, f"  Group = Kernels\n    ShapeModel = {shape}\n  End_Group\n")
    return path


@pytest.fixture
def dem(tmp_path):
    """Shape model in ISISDATA, named as in a label."""
    (tmp_path / "base" / "dems").mkdir(parents=True)
    cubefile.write_cube(tmp_path / "base" / "dems" / "dem.cub", np.full((1, 4, 4), 1739400.0, np.float32), PART)
    return "$base/dems/dem.cub"


def test_the_resolution_and_heights_of_a_shape_model_are_found_through_isisdata(tmp_path, dem):
    sphere, shaped = cube_on(tmp_path / "a.cub", "Null"), cube_on(tmp_path / "b.cub", dem)
    assert shapes.shape_resolution_m(sphere, tmp_path) is None and shapes.heights_of(sphere, tmp_path) == 0.0
    assert shapes.shape_resolution_m(shaped, tmp_path) == 1.5
    model = shapes.heights_of(shaped, tmp_path)
    assert isinstance(model, ShapeModel) and model.highest_m == pytest.approx(2000.0)


def test_a_model_that_only_isis_reads_has_no_pixels_and_counts_as_the_sphere(tmp_path, caplog):
    (tmp_path / "base" / "dems").mkdir(parents=True)
    (tmp_path / "base" / "dems" / "moon.bds").write_bytes(b"DAS/DSK ")
    cube = cube_on(tmp_path / "a.cub", "$base/dems/moon.bds")
    assert shapes.shape_resolution_m(cube, tmp_path) is None
    assert shapes.heights_of(cube, tmp_path) == 0.0 and "are those of the sphere" in caplog.text


@pytest.mark.parametrize("shape", ["system", "user"])
def test_a_sphere_where_a_shape_model_was_asked_for_is_told(tmp_path, dem, shape):
    shapes.check_shape(cube_on(tmp_path / "a.cub", "Null"), "ellipsoid", tmp_path)
    shapes.check_shape(cube_on(tmp_path / "b.cub", dem), shape, tmp_path)
    with pytest.raises(SetupError, match=f"isis.shape: is {shape}, and spiceinit found no shape model.*base"):
        shapes.check_shape(cube_on(tmp_path / "c.cub", "Null"), shape, tmp_path)
    with pytest.raises(SetupError, match=r"none.cub: is the shape model of .*d.cub, and is not there; fetch it"):
        shapes.check_shape(cube_on(tmp_path / "d.cub", "$base/dems/none.cub"), shape, tmp_path)
