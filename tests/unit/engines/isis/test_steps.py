"""Steps of the ISIS engine, with stand-ins for ISIS's programs."""

import json
import re
import subprocess
import sys

import numpy as np
import pvl
import pytest
import rasterio
import yaml

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


def test_equalizer_makes_one_cube_an_image_or_none(isis, overlapping):
    made, pictures = overlapping
    steps.equalize(made, list(pictures), isis / "equalized", "gain")
    levels = []
    for path in steps.laid([isis / "equalized"], list(pictures)):
        with rasterio.open(path) as cube:
            levels.append(cube.read(1, masked=True).mean())
    assert np.ptp(levels) < 0.02 * np.mean(levels)
    assert steps.laid(made, list(pictures)) == made


def test_the_map_that_maptemplate_makes_is_the_targets(isis):
    box = boxes.LonLatBox.of_grid(GRID, PLACE)
    steps.make_text(lambda out: commands.template(out, PLACE, box), isis / "target.map")
    mapping = pvl.load(isis / "target.map")["Mapping"]
    grid = programs.map_grid(mapping, {name: str(value) for name, value in box.parameters().items()})
    assert grid.shape == GRID.shape and grid.transform.almost_equals(GRID.transform)


def test_what_runs_beside_isis_needs_only_what_its_environment_has(root):
    """Scripts of rules in envs/isis.yaml, imported where nothing else can be."""
    wanted = yaml.safe_load((root / "envs" / "isis.yaml").read_text())["dependencies"]
    names = [re.split("[=<>]", name)[0] for name in wanted if isinstance(name, str)]
    rules = "".join(
        (root / "workflow" / "rules" / f"{name}.smk").read_text() for name in ("calibrate", "project", "mosaic")
    )
    scripts = re.findall(r"envs/isis.yaml.*?scripts/(\w+\.py)", rules, re.DOTALL)
    assert len(scripts) == 10
    lines = [
        line
        for script in scripts
        for line in (root / "workflow" / "scripts" / script).read_text().splitlines()
        if re.match("(from|import) ", line)
    ]
    ask = "\n".join(["import sys", *lines, "print(*{name.split('.')[0] for name in sys.modules})"])
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, cwd=root / "workflow")
    loaded = set(said.stdout.split())
    foreign = {"geopandas", "pandas", "shapely", "torch", "skimage", "matplotlib", "requests", "jsonschema", "yaml"}
    foreign |= {"scipy", "numba", "spiceypy", "erfa", "tqdm"}
    assert said.returncode == 0 and {"rasterio", "pvl", "pyproj"} <= loaded, said.stderr
    assert not (foreign - set(names)) & loaded
