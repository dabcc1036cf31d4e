"""Commands held to ISIS's own interface."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from imfmap.core.errors import InputError
from imfmap.engines.isis.interface import TABLE, check_command, text_of
from tests.isis_standins import install

ROOT = Path(__file__).resolve().parents[4]
PROJECT = {"from": "a.cub", "map": "t.map", "to": "b.cub", "pixres": "MAP", "defaultrange": "MAP", "patchsize": 5}
PROJECT |= {"warpalgorithm": "FORWARDPATCH", "interp": "CUBICCONVOLUTION"}
MOSAIC = {"fromlist": "l.lis", "mosaic": "m.cub", "priority": "BENEATH", "track": True}
SPICE = {"from": "a.cub", "shape": "ELLIPSOID"}


def test_the_table_is_what_its_script_makes_of_isiss_definitions(real_data, tmp_path):
    source = real_data.parent / "isis" / "app_parameters.json"
    if not source.exists():
        pytest.skip(f"no interface definitions at {source}")
    spec = importlib.util.spec_from_file_location("isis_interface", ROOT / "resources" / "isis_interface.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(source, tmp_path / "made.json")
    assert (tmp_path / "made.json").read_bytes() == TABLE.read_bytes()


@pytest.mark.parametrize(
    ("program", "parameters"),
    [
        ("cam2map", PROJECT),
        ("cam2map", PROJECT | {"minlat": -1.5, "maxlat": 2, "interp": "bilinear"}),
        ("automos", MOSAIC),
        ("automos", {"fromlist": "l.lis", "mosaic": "m.cub", "priority": "average"}),
        ("automos", MOSAIC | {"grange": "USER", "minlat": 1, "maxlat": 2, "minlon": 3, "maxlon": 4}),
        ("spiceinit", SPICE | {"web": True, "url": "https://example.org/"}),
        ("spiceinit", {"from": "a.cub", "shape": "USER", "model": "dem.cub"}),
        ("lronaccal", {"from": "a.cub", "to": "b.cub", "darkfiletype": "CUSTOM", "darkfile": "d.cub"}),
    ],
)
def test_commands_that_isis_takes(program, parameters):
    check_command(program, parameters)


@pytest.mark.parametrize(
    ("program", "parameters", "said"),
    [
        ("cam2mapp", {}, "cam2mapp: is no ISIS program of this workflow; use one of automos, "),
        ("cam2map", PROJECT | {"patch": 5}, "cam2map: has no parameter patch; allowed: defaultrange, "),
        ("cam2map", PROJECT | {"patchsize": 0}, "patchsize: is 0; give a number at least 1"),
        ("cam2map", PROJECT | {"patchsize": 2.5}, "patchsize: is '2.5', no whole number"),
        ("cam2map", PROJECT | {"minlat": "south"}, "minlat: is 'south', no number"),
        ("cam2map", PROJECT | {"maxlat": 90.5}, "maxlat: is 90.5; give a number at most 90"),
        ("cam2map", PROJECT | {"minlat": 3, "maxlat": 2}, "maxlat: is 2, minlat is 3; it must be above minlat"),
        ("cam2map", PROJECT | {"pixres": "MPP", "resolution": 0}, "resolution: is 0; give a number above 0"),
        ("cam2map", PROJECT | {"pixres": "MPP"}, "resolution: is not given, pixres needs it"),
        ("cam2map", PROJECT | {"resolution": 1.5}, "resolution: cannot be given beside pixres=MAP"),
        ("cam2map", PROJECT | {"lonseam": "AUTO"}, "lonseam: cannot be given beside defaultrange=MAP"),
        ("cam2map", PROJECT | {"matchmap": True}, "cannot be given beside matchmap=yes"),
        ("cam2map", PROJECT | {"trim": "perhaps"}, "trim: is 'perhaps'; use yes or no"),
        ("cam2map", PROJECT | {"interp": "CUBIC"}, "interp: is 'CUBIC'; use one of BILINEAR, CUBICCONVOLUTION, "),
        ("cam2map", PROJECT | {"to": "run+1/b.cub"}, r"ISIS takes '\+' for an attribute of the cube; rename"),
        ("cam2map", PROJECT | {"map": "$HOME/t.map"}, r"ISIS takes '\$' for a variable"),
        ("cam2map", PROJECT | {"map": "(old)/t.map"}, r"ISIS takes '\(' for a list"),
        ("cam2map", PROJECT | {"map": ""}, "map: is empty; name a file"),
        ("automos", MOSAIC | {"priority": "AVERAGE"}, "track: cannot be given beside priority=AVERAGE"),
        ("automos", MOSAIC | {"grange": "USER"}, "minlat: is not given, grange needs it"),
        ("automos", {"fromlist": "l.lis"}, "mosaic: is not given; give mosaic"),
        ("spiceinit", SPICE | {"web": True, "ck": "a.bc"}, "ck: cannot be given beside web=yes"),
        ("spiceinit", {"from": "a.cub", "shape": "USER"}, "model: is not given; give model"),
        (
            "lronaccal",
            {"from": "a.cub", "to": "b.cub", "darkfiletype": "CUSTOM"},
            "darkfile: is not given, darkfiletype",
        ),
        ("maptemplate", {"map": "t.map", "projection": "EQUIRECTANGULAR", "clon": 3}, "clat: is not given"),
    ],
)
def test_commands_that_isis_would_refuse(program, parameters, said):
    with pytest.raises(InputError, match=said):
        check_command(program, parameters)


def test_values_as_isis_reads_them():
    assert [text_of(value) for value in (True, False, 1.5, -1e-7, 3, "A")] == [
        "yes",
        "no",
        "1.5",
        "-0.0000001",
        "3",
        "A",
    ]


def test_the_stand_ins_refuse_what_isis_refuses(tmp_path):
    program = install(tmp_path) / "bin" / "automos"
    said = subprocess.run([program, "fromlist=a.lis", "mosaic=m.cub", "priority=average", "track=yes"],
                          capture_output=True, text=True)  # fmt: skip
    assert said.returncode == 1 and "**USER ERROR**" in said.stderr
    assert "track: cannot be given beside priority=average" in said.stderr
    assert Path(sys.executable).name in program.read_text()
