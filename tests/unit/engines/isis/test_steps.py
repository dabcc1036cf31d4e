"""What this workflow gives to ISIS and takes from it."""

import json
import re
import shutil
import subprocess
import sys
from collections import namedtuple

import numpy as np
import pvl
import pytest
import rasterio
import yaml

from imfmap.core.errors import InputError, SetupError
from imfmap.engines.isis import boxes, commands, cubes, messages, mosaics, running, steps, tracking
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import read_raster, write_raster
from imfmap.maps.target_grid import target_grid
from imfmap.mosaic.build import mosaic
from tests.isis_standins import cubefile, install, programs

PLACE = {"body": "moon", "lat": -10.4, "lon": -165.1, "diameter_km": 1.0}
PLACE |= {"projection": "equirectangular", "resolution_m": 1.5}
GRID = target_grid(PLACE)
ISIS = {"spice": "web", "web_url": "https://example.org/", "shape": "ellipsoid", "smithed": False, "predicted": True}


@pytest.fixture
def isis(tmp_path, monkeypatch):
    """ISIS's environment, with the stand-ins for programs."""
    data = tmp_path / "data"
    (data / "lro" / "calibration").mkdir(parents=True)
    monkeypatch.setenv("ISISROOT", str(install(tmp_path / "root")))
    monkeypatch.setenv("ISISDATA", str(data))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path


def template(place):
    """Mapping group that a target's map is made of, by way of the stand-in for maptemplate."""
    box = boxes.LonLatBox.of_grid(target_grid(place), place)
    return commands.template("t.map", place, box).parameters


def test_the_map_template_spans_the_target():
    mapping = template(PLACE)
    lon, lat = GRID.lonlat([0, GRID.shape[0] - 1], [0, GRID.shape[1] - 1])
    assert mapping["projection"] == "EQUIRECTANGULAR" and mapping["resolution"] == 1.5
    assert mapping["clat"] == -10.4 and mapping["londom"] == 180 and mapping["clon"] == pytest.approx(-165.1)
    assert mapping["minlon"] == pytest.approx(lon[0]) and mapping["maxlon"] == pytest.approx(lon[1])
    assert mapping["maxlat"] == pytest.approx(lat[0]) and mapping["minlat"] == pytest.approx(lat[1])


def test_the_standard_parallel_is_the_configs():
    assert template({**PLACE, "standard_parallel_deg": 20.0})["clat"] == 20.0


@pytest.mark.parametrize("projection", ["polar_stereographic", "orthographic"])
def test_the_map_template_of_a_pole_takes_the_cap(projection):
    mapping = template({**PLACE, "lat": -89.995, "projection": projection})
    assert mapping["minlat"] == -90 and (mapping["minlon"], mapping["maxlon"]) == (0, 360)


def test_a_target_on_the_180th_meridian_is_one_box():
    mapping = template({**PLACE, "lon": 179.999})
    assert mapping["londom"] == 360 and 179.9 < mapping["minlon"] < 180 < mapping["maxlon"] < 180.1
    mapping = template({**PLACE, "lon": -179.999})
    assert mapping["minlon"] < mapping["clon"] < mapping["maxlon"]


def test_an_image_off_the_map_is_refused_by_name():
    box = boxes.LonLatBox(-165.2, -165.0, -10.5, -10.3, 180)
    other = boxes.LonLatBox(-165.1, -164.0, -10.4, -9.0, 180)
    common = box.common_with(other, "M1.cub")
    assert (common.west, common.east, common.south, common.north) == (-165.1, -165.0, -10.4, -10.3)
    with pytest.raises(InputError, match="M1.cub: lies wholly off the target's map: it covers 10.000 to 11.000"):
        box.common_with(boxes.LonLatBox(10, 11, -10.4, -9.0, 180), "M1.cub")


def test_ranges_as_mosrange_writes_them(tmp_path):
    path = tmp_path / "range.map"
    path.write_text(
        "Group = Mapping\n  LongitudeDomain = 180\n  MinPixelResolution = 0.5 <meters/pixel>\n"
        "  MinimumLatitude = -11.0\n  MaximumLatitude = -10.0\n  MinimumLongitude = -166.0\n"
        "  MaximumLongitude = -165.0\nEnd_Group\nEnd\n"
    )
    assert boxes.read_range(path) == (boxes.LonLatBox(-166.0, -165.0, -11.0, -10.0, 180), 0.5)
    path.write_text("Group = Mapping\nEnd_Group\nEnd\n")
    with pytest.raises(InputError, match="range.map: is not what mosrange writes"):
        boxes.read_range(path)


@pytest.mark.parametrize(
    ("image_m", "map_m", "shape_m", "patch_px"),
    [(0.5, 1.5, None, 3), (0.5, 2.6, None, 6), (0.5, 1.5, 5.0, 10), (0.5, 6.0, 5.0, 12), (0.5, 1.5, 236.9, 256),
     (1.6, 1.5, None, 3)],
)  # fmt: skip
def test_patches_are_as_large_as_a_pixel_of_the_map_or_of_the_shape_model(image_m, map_m, shape_m, patch_px):
    assert commands.patch_size(image_m, map_m, shape_m) == patch_px


def test_the_resolution_of_a_shape_model_is_found_through_isisdata(tmp_path):
    cubefile.write_cube(tmp_path / "a.cub", np.ones((1, 4, 4), np.float32))
    cubefile.add_groups(tmp_path / "a.cub", "  Group = Kernels\n    ShapeModel = Null\n  End_Group\n")
    assert cubes.shape_resolution_m(tmp_path / "a.cub", tmp_path) is None
    (tmp_path / "base" / "dems").mkdir(parents=True)
    cubefile.write_cube(tmp_path / "base" / "dems" / "dem.cub", np.ones((1, 4, 4), np.float32), GRID.window(0, 0, 4, 4))
    cubefile.write_cube(tmp_path / "b.cub", np.ones((1, 4, 4), np.float32))
    cubefile.add_groups(tmp_path / "b.cub", "  Group = Kernels\n    ShapeModel = $base/dems/dem.cub\n  End_Group\n")
    assert cubes.shape_resolution_m(tmp_path / "b.cub", tmp_path) == 1.5


def test_lronaccals_switches_are_the_configs():
    processing = {
        "masked": True,
        "dark": False,
        "darks": "pair",
        "nonlinearity": False,
        "flat": True,
        "dark_file": None,
    }
    parameters = commands.calibrate("a.cub", "b.cub", processing).parameters
    assert [parameters[key] for key in ("masked", "dark", "nonlinearity", "flatfield")] == [True, False, False, True]
    assert "darkfiletype" not in parameters and parameters["radiometrictype"] == "IOF"
    processing |= {"dark": True, "darks": "custom", "dark_file": "d.cub"}
    parameters = commands.calibrate("a.cub", "b.cub", processing).parameters
    assert (parameters["darkfiletype"], parameters["darkfile"]) == ("CUSTOM", "d.cub")


def test_spiceinit_asks_the_web_or_the_kernels():
    web, local = (
        commands.spice("a.cub", ISIS).parameters,
        commands.spice("a.cub", {**ISIS, "spice": "local"}).parameters,
    )
    assert web["web"] is True and web["url"] == "https://example.org/" and web["ckpredicted"] is True
    assert "web" not in local and "url" not in local


def projected(path, part, values):
    """Write a map-projected cube through GDAL."""
    cubefile.write_cube(path, values[np.newaxis], part)
    return path


def test_a_projected_cube_lands_on_the_targets_pixels(tmp_path):
    part = GRID.window(100, 150, 200, 250)
    values = np.random.default_rng(1).uniform(0.01, 0.1, part.shape).astype(np.float32)
    values[:5] = np.nan
    cubes.cube_to_geotiff(projected(tmp_path / "a.cub", part, values), GRID, tmp_path / "a.tif", {"IMF_PRODUCT": "M1L"})
    out, out_grid, tags = read_raster(tmp_path / "a.tif")
    assert out_grid.shape == GRID.shape and tags["IMF_PRODUCT"] == "M1L"
    np.testing.assert_array_equal(out[100:300, 150:400], values)
    assert np.isnan(out[:100]).all()


@pytest.mark.parametrize(
    ("value", "fraction", "said"),
    [(0.05, 0.5, "has 2500 valid pixels on the map"), (0.0005, 0.0, "lies in shadow")],
)
def test_an_image_that_shows_too_little_is_refused(tmp_path, value, fraction, said):
    path = projected(tmp_path / "a.cub", GRID.window(0, 0, 50, 50), np.full((50, 50), value, np.float32))
    with pytest.raises(InputError, match=said):
        cubes.cube_to_geotiff(path, GRID, tmp_path / "a.tif", {}, fraction)
    assert not (tmp_path / "a.tif").exists()


def test_a_cube_off_the_grid_is_refused(tmp_path):
    part = GRID.window(0, 0, 50, 50)
    shifted = MapGrid(GRID.crs, part.transform @ part.transform.translation(0.4, 0), part.shape)
    path = projected(tmp_path / "a.cub", shifted, np.ones(shifted.shape, np.float32))
    with pytest.raises(InputError, match="off the target's grid"):
        cubes.cube_to_geotiff(path, GRID, tmp_path / "a.tif", {})
    assert not (tmp_path / "a.tif").exists()


def test_a_product_that_is_none_stops_the_chain_naming_the_step(tmp_path):
    grid = MapGrid.covering(body("moon").projected("equirectangular", 0, 0), (0, 0, 60, 60), 1.5)
    path = projected(tmp_path / "a.cub", grid, np.full(grid.shape, np.nan, np.float32))
    with pytest.raises(InputError, match="a.cub: lronaccal left 0 valid pixels of 1600"):
        cubes.check_cube(path, "lronaccal")
    path = projected(tmp_path / "b.cub", grid, np.ones(grid.shape, np.float32))
    with pytest.raises(InputError, match="b.cub: lronacecho left 40 lines x 40 samples, 40 x 50 were expected"):
        cubes.check_cube(path, "lronacecho", (40, 50))
    with pytest.raises(InputError, match="c.cub: lronacecho said nothing and left no cube"):
        cubes.check_cube(tmp_path / "c.cub", "lronacecho")


def test_a_program_that_leaves_no_good_cube_leaves_none(isis, monkeypatch):
    cubefile.write_cube(isis / "a.cub", np.ones((1, 4, 4), np.float32))
    monkeypatch.setenv("IMF_STANDIN_FAILS", json.dumps({"lronacecho": {"*": "No space left on device"}}))
    with pytest.raises(SetupError, match="the disk is full"):
        steps.change_cube(commands.echo, isis / "a.cub", isis / "b.cub")
    assert sorted(path.name for path in isis.glob("*.cub")) == ["a.cub"]


LAYERS = {"M1L": (0, 0, 0.05), "M2R": (200, 150, 0.06), "M3L": (100, 300, 0.04)}


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
    with pytest.raises(InputError, match="mosaic.cub: is not of unsigned 32-bit whole numbers; run automos"):
        tracking.check_tracking(tmp_path / "mosaic.cub", values.shape)


def test_equalizer_makes_one_cube_an_image_or_none(isis, overlapping):
    made, pictures = overlapping
    steps.equalize(made, list(pictures), isis / "equalized", "gain")
    levels = []
    for path in steps.laid([isis / "equalized"], list(pictures)):
        with rasterio.open(path) as cube:
            levels.append(cube.read(1, masked=True).mean())
    assert np.ptp(levels) < 0.02 * np.mean(levels)
    assert steps.laid(made, list(pictures)) == made


@pytest.mark.parametrize(
    ("text", "said", "setup"),
    [
        ("No Camera Kernels found for the image [a.cub].", "no kernel with the camera's pointing", False),
        ("The Spice Server was unable to initialize the cube.  The error reported was: x", "server has no", False),
        ("An error occurred when talking to the server. The server was not found.", "cannot be reached", True),
        ("No existing files found with a numerical version matching [NACL_MaskedPixels.????.pvl] in [/d]",
         r"ISIS has no file NACL_MaskedPixels.\?\?\?\?.pvl.*downloadIsisData lro", True),
        ("Could not find any dark file of type NACL_AverageDarks_*T.????.cub.\n", "there is no dark file NACL", True),
        ("Could not find a pair of dark files within 45 day range that includes the image", "darks: nearest", False),
        ("/d/lro/calibration/NACL_Flatfield.0001.cub does not exist.", "file /d/lro/calibration/NACL_Flat", True),
        ("write failed: No space left on device", "the disk is full", True),
        ("This image has already been calibrated.", "calibrated already", False),
        ("Unable to open [/a/b.cub].", "ISIS cannot open /a/b.cub", False),
        ("Unable to open [/isis/bin/xml/cam2map.xml].", "ISISROOT names no installation", True),
        ("There are input images that do not overlap with enough valid pixels. See", "brightness: none", True),
        ("Something never seen.", r"failed \(ISIS: \*\*ERROR\*\* Something never seen", False),
    ],
)  # fmt: skip
def test_isiss_words_reach_the_user_with_what_they_mean(text, said, setup):
    error = messages.explained("spiceinit", f"**ERROR** {text}\n", "a.cub")
    with pytest.raises(InputError, match=said):
        raise error
    assert isinstance(error, SetupError) == setup
    assert "\n" not in str(error) and "**ERROR**" in str(error) and str(error).startswith("spiceinit of a.cub: ")


def test_what_isis_said_is_explained(isis, monkeypatch):
    monkeypatch.setenv("IMF_STANDIN_FAILS", json.dumps({"lronacecho": {"M1L": "Unable to open [M1L.cub]"}}))
    with pytest.raises(InputError, match=r"lronacecho of M1L.cub: ISIS cannot open M1L.cub \(ISIS: \*\*USER ERROR\*\*"):
        running.run(commands.echo("M1L.cub", "b.cub"))


def test_a_full_disk_is_said_to_be_full(isis, monkeypatch):
    monkeypatch.setenv("IMF_STANDIN_FAILS", json.dumps({"lronacecho": {"*": "Unable to write labels"}}))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9, 1000))
    with pytest.raises(SetupError, match="the disk is full; lronacecho failed with: .*Unable to write labels"):
        running.run(commands.echo("a.cub", isis / "b.cub"))


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ISISROOT", "/no/isis", r"ISISROOT: names no folder \(/no/isis\); run with --software-deployment-method"),
        ("ISISDATA", None, "ISISDATA: is not set; set it, or processing.isis.data"),
        ("ISISDATA", "/no/data", r"ISISDATA: names no folder \(/no/data\)"),
        ("ISISROOT", "/usr", "lronaccal: is not on the PATH, nor in /usr/bin; install ISIS 8 there"),
    ],
)
def test_an_environment_that_isis_cannot_run_in_is_told(isis, monkeypatch, variable, value, said):
    monkeypatch.delenv(variable) if value is None else monkeypatch.setenv(variable, value)
    command = commands.Command("lronaccal", {"from": "a.cub", "to": "b.cub"})
    with pytest.raises(SetupError, match=said):
        running.run(command)


def test_the_parts_of_isisdata_are_looked_for(isis):
    with pytest.raises(SetupError, match="has no lro/kernels, which spiceinit needs; fetch it: downloadIsisData lro"):
        running.prepare(commands.spice("a.cub", {**ISIS, "spice": "local"}))
    running.prepare(commands.spice("a.cub", ISIS))
    shutil.rmtree(isis / "data" / "lro")
    with pytest.raises(SetupError, match="has no lro/calibration, which lronaccal needs"):
        running.prepare(commands.Command("lronaccal", {"from": "a.cub", "to": "b.cub"}))


def test_without_isisroot_the_conda_environment_is_taken(isis, monkeypatch):
    monkeypatch.setenv("CONDA_PREFIX", str(isis / "root"))
    monkeypatch.delenv("ISISROOT")
    running.prepare(commands.echo("a.cub", "b.cub"))


def test_a_command_that_isis_would_refuse_is_never_run(isis, monkeypatch):
    monkeypatch.setenv("IMF_STANDIN_CALLS", str(isis / "calls"))
    with pytest.raises(InputError, match="lronacecho: has no parameter form"):
        running.run(commands.Command("lronacecho", {"form": "a.cub", "to": "b.cub"}))
    assert not (isis / "calls").exists()


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
    foreign = {"geopandas", "pandas", "shapely", "torch", "skimage", "matplotlib", "requests", "pydantic", "yaml"}
    foreign |= {"scipy", "numba", "spiceypy", "erfa", "tqdm"}
    assert said.returncode == 0 and {"rasterio", "pvl", "pyproj"} <= loaded, said.stderr
    assert not (foreign - set(names)) & loaded
