"""Steps of the ISIS engine, with stand-ins for ISIS's programs."""

import json

import numpy as np
import pvl
import pytest

from imfmap.core.errors import SetupError
from imfmap.engines.isis import boxes, commands, steps
from tests.helpers.isis_cubes import GRID, PLACE
from tests.isis_standins import cubefile, programs


def test_a_program_that_leaves_no_good_cube_leaves_none(isis, monkeypatch):
    cubefile.write_cube(isis / "a.cub", np.ones((1, 4, 4), np.float32))
    monkeypatch.setenv("IMF_STANDIN_FAILS", json.dumps({"lronacecho": {"*": "No space left on device"}}))
    with pytest.raises(SetupError, match="the disk is full"):
        steps.change_cube(commands.echo, isis / "a.cub", isis / "b.cub")
    assert sorted(path.name for path in isis.glob("*.cub")) == ["a.cub"]


def test_the_map_that_maptemplate_makes_is_the_targets(isis):
    box = boxes.LonLatBox.of_grid(GRID, PLACE)
    steps.make_text(lambda out: commands.template(out, PLACE, box), isis / "target.map")
    mapping = pvl.load(isis / "target.map")["Mapping"]
    grid = programs.map_grid(mapping, {name: str(value) for name, value in box.parameters().items()})
    assert grid.shape == GRID.shape and grid.transform.almost_equals(GRID.transform)
