"""The ISIS engine end to end under Snakemake, through pysis, with stand-ins for ISIS's programs; images left out."""

import csv
import json
import shutil

import numpy as np
import pytest
import rasterio
import yaml

from imfmap.camera.projection import image_facts
from imfmap.engines.isis.interface import check_command
from imfmap.engines.native.pipeline import Processing, edr_to_map
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import facts_of
from imfmap.maps.rasters import read_raster
from imfmap.maps.target_grid import target_grid
from imfmap.nac.camera import camera_from_isd
from tests.isis_standins import cubefile, install

from .conftest import ROOT, run_snakemake, write_config

pytestmark = pytest.mark.slow

LEFT, RIGHT, MIDDLE = "M1500004000LE", "M1500004010RE", "M1500004020LE"
FLOOR = "results/mini/floor"
MOSAIC = f"{FLOOR}/mosaic.tif"
PLACE = {"body": "moon", "projection": "equirectangular", "resolution_m": 1.5}


class World:
    """A folder with simulated images that each show a part of the target, and ISIS's environment."""

    def __init__(self, folder, mini_config, offsets_m):
        self.folder = folder
        self.target = json.loads(json.dumps(mini_config["targets"]["floor"]))
        images = self.target["simulate"]["images"]
        images += [{**images[0], "product": MIDDLE}][: len(offsets_m) - len(images)]
        for image, offset_m in zip(images, offsets_m, strict=True):
            image["offset_m"] = offset_m
        self.products = sorted(image["product"] for image in images)
        self._config = {"run": mini_config["run"], "recipe": "sun_aligned", "targets": {"floor": self.target}}
        edrs = [f"{FLOOR}/simulated/edr/{product}.IMG" for product in self.products]
        run_snakemake(folder, write_config(folder / "simulate.yaml", self._config), *edrs)
        (self.calibration,) = (path.parent for path in (folder / "results" / "mini").glob("**/nac_darks"))
        (folder / "data" / "lro").mkdir(parents=True)
        (folder / "data" / "lro" / "calibration").symlink_to(self.calibration)
        install(folder / "root")

    def __call__(self, *goals, processing=None, fails=None, targets=None):
        """Run the workflow; (exit status, text, folder).

        `processing` are changes of the config's, `fails` says what is to go wrong with the stand-ins.
        """
        settings = {"engine": "isis", "isis": {"root": str(self.folder / "root"), "data": str(self.folder / "data")}}
        processing = dict(processing or {})
        settings["isis"] |= processing.pop("isis", {})
        changed = {**self._config, "processing": {**settings, **processing}}
        changed["targets"] = targets or self._config["targets"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("IMF_STANDIN_ISDS", str(self.folder / FLOOR / "simulated" / "edr"))
            patch.setenv("IMF_STANDIN_CALLS", str(self.folder / "calls"))
            patch.setenv("IMF_STANDIN_FAILS", json.dumps(fails or {}))
            path = write_config(self.folder / "isis.yaml", changed)
            status, text = run_snakemake(self.folder, path, "--keep-going", *goals, check=False)
        return status, text, self.folder


@pytest.fixture(scope="module")
def world(tmp_path_factory, mini_config):
    """Two images, swaths of 2.5 km beside the middle of the target, so that the mosaic is of both."""
    return World(tmp_path_factory.mktemp("isis"), mini_config, (-1100, 1100))


def fresh(folder):
    """Forget what was made of the images."""
    for name in ("isis", "projected"):
        shutil.rmtree(folder / FLOOR / name, ignore_errors=True)
    for name in ("mosaic.tif", "mosaic_sources.tif", "left_out.csv"):
        (folder / FLOOR / name).unlink(missing_ok=True)
    (folder / "calls").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def made(world):
    """Path: results of a run of every program, lronacpho and equalizer among them."""
    photometry = str(next(world.calibration.glob("NAC_PHO_*.pvl")))
    processing = {"photometry": photometry, "mosaic": {"brightness": "both"}}
    status, text, folder = world(MOSAIC, processing=processing)
    assert status == 0, text[-4000:]
    return folder, photometry


def test_projected_images_are_the_native_engines(made, world):
    """To 2e-5 in I/F. Storage costs nothing: cubes and rasters are both of 32-bit reals.

    But cam2map's map is cut to what the image covers, so that the nodes which the native engine computes places at, and
    interpolates between to 0.01 pixel, lie elsewhere.
    """
    folder, photometry = made
    grid = target_grid({**world.target, **PLACE})
    for product in (LEFT, RIGHT):
        edr = folder / FLOOR / "simulated" / "edr" / f"{product}.IMG"
        processing = Processing(photometry=photometry, threads=1)
        edr_to_map(edr, edr.with_suffix(".json"), world.calibration, grid, folder / "native.tif", processing)
        native, _, native_tags = read_raster(folder / "native.tif")
        ours, ours_grid, tags = read_raster(folder / FLOOR / "projected" / f"{product}.tif")
        assert ours_grid.shape == grid.shape and ours_grid.transform.almost_equals(grid.transform)
        assert 0.1 < np.isfinite(native).mean() < 0.9
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(native))
        np.testing.assert_allclose(ours, native, rtol=0, atol=2e-5)
        assert tags == {**native_tags, "IMF_ENGINE": "isis"}


def test_the_mosaic_is_automoss_with_its_tracking(made):
    folder, _ = made
    mosaic, _, tags = read_raster(folder / MOSAIC)
    sources, _, source_tags = read_raster(folder / FLOOR / "mosaic_sources.tif")
    assert source_tags["IMF_PRODUCTS"] == f"{LEFT},{RIGHT}" and tags["IMF_BRIGHTNESS"] == "both"
    assert set(np.unique(sources)) >= {1, 2}
    np.testing.assert_array_equal(sources > 0, mosaic > 0)
    left = np.isfinite(read_raster(folder / FLOOR / "projected" / f"{LEFT}.tif")[0])
    np.testing.assert_array_equal(sources == 1, left)


def test_every_command_was_one_that_isis_takes(made):
    folder, _ = made
    calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
    for program, parameters in calls:
        check_command(program, parameters)
    image = {"lronac2isis", "spiceinit", "lronaccal", "lronacecho", "lronacpho", "mosrange", "cam2map"}
    assert {program for program, _ in calls} == image | {"maptemplate", "equalizer", "automos"}
    project = next(parameters for program, parameters in calls if program == "cam2map")
    assert project["patchsize"] == "10" and project["interp"] == "CUBICCONVOLUTION"


def test_only_the_projected_cubes_stay(made):
    folder, _ = made
    left = {path.name for path in (folder / FLOOR / "isis").iterdir()}
    assert left == {"target.map", f"{LEFT}.map.cub", f"{RIGHT}.map.cub"}
    assert not (folder / "print.prt").exists()


def test_one_image_that_fails_does_not_stop_the_others(world, made):
    fresh(world.folder)
    fails = {"spiceinit": {RIGHT: f"No Camera Kernels found for the image [{RIGHT}.cub]"}}
    status, text, folder = world(MOSAIC, fails=fails)
    assert status != 0 and "Traceback" not in text
    lines = [line for line in text.splitlines() if line.startswith("imfmap: ")]
    assert len(lines) == 1 and "those of recent months are published with a delay" in lines[0]
    assert (folder / FLOOR / "projected" / f"{LEFT}.tif").exists() and not (folder / MOSAIC).exists()
    with open(folder / "results" / "mini" / "failed.csv") as file:
        (failed,) = csv.DictReader(file)
    assert (failed["step"], failed["of"]) == ("isis_spice", f"floor.{RIGHT}")
    assert "No Camera Kernels found" in failed["reason"]

    status, text, folder = world(MOSAIC, fails=fails, processing={"allow_missing": True})
    assert status == 0, text[-4000:]
    with open(folder / FLOOR / "left_out.csv") as file:
        (left_out,) = csv.DictReader(file)
    assert (left_out["product"], left_out["step"]) == (RIGHT, "isis_spice")
    assert "no kernel with the camera's pointing" in left_out["reason"]
    assert read_raster(folder / MOSAIC)[2]["IMF_PRODUCTS"] == LEFT


@pytest.mark.parametrize(
    ("fails", "said"),
    [
        ({"lronacecho": {"*": "NULL"}}, "echo.cub: lronacecho left 0 valid pixels of"),
        (
            {"lronaccal": {"*": "ZERO"}},
            "cal.cub: lronaccal left 1514136 valid pixels of 1514136, 1514136 of them",
        ),
        (
            {"lronaccal": {"*": "SIGKILL"}},
            f"lronaccal of {FLOOR}/isis/{LEFT}.spice.cub: was killed (signal 9, SIGKILL)",
        ),
        ({"lronacecho": {"*": "SIZE"}}, "lronacecho left 299 lines x 2532 samples, 598 x 2532 were expected"),
        ({"lronaccal": {"*": "write failed: No space left on device"}}, "the disk is full (ISIS: "),
    ],
)
def test_a_step_that_failed_is_named(world, made, fails, said):
    fresh(world.folder)
    status, text, folder = world(
        f"{FLOOR}/isis/{LEFT}.echo.cub", fails=fails, processing={"allow_missing": "full" in said}
    )
    assert status != 0 and "Traceback" not in text
    assert any(said in line for line in text.splitlines() if line.startswith("imfmap: ")), text[-3000:]
    assert not list((folder / FLOOR / "isis").glob("*echo*"))


def test_the_native_engine_leaves_images_out_alike(world):
    folder = world.folder
    fresh(folder)
    for product in (LEFT, RIGHT):
        for suffix in (".IMG", ".json"):
            shutil.copy(folder / FLOOR / "simulated" / "edr" / f"{product}{suffix}", folder)
    path = folder / f"{LEFT}.IMG"
    path.write_bytes(path.read_bytes()[:-5000])
    target = {key: value for key, value in world.target.items() if key != "simulate"}
    target["edrs"] = [f"{LEFT}.IMG", f"{RIGHT}.IMG"]
    processing = {"engine": "native", "calibration_dir": str(world.calibration), "allow_missing": True}
    status, text, _ = world(MOSAIC, processing=processing, targets={"floor": target})
    assert status == 0, text[-4000:]
    assert f"{LEFT},project_edr," in (folder / FLOOR / "left_out.csv").read_text()
    with rasterio.open(folder / MOSAIC) as mosaic:
        assert mosaic.tags()["IMF_PRODUCTS"] == RIGHT


def test_a_setting_that_isis_refuses_stops_before_anything_runs(world):
    status, text, folder = world("-n", MOSAIC, processing={"isis": {"shape": "user", "shape_model": "moon.cub"}})
    assert status != 0 and "Traceback" not in text
    assert "processing.isis.shape_model: there is no file moon.cub; check the path" in text


@pytest.mark.parametrize("images", ["two images", "a row of three strips"])
def test_equalized_mosaics_are_the_native_engines(images, world, mini_config, tmp_path):
    """equalizer refuses both without a held image. Of three strips, the outer two do not meet."""
    if images == "two images":
        fresh(world.folder)
    else:
        world = World(tmp_path, mini_config, (-1350, 1350, 0))
    mosaics = {}
    for engine in ("isis", "native"):
        (world.folder / "calls").unlink(missing_ok=True)
        processing = {"engine": engine, "mosaic": {"brightness": "both"}}
        status, text, folder = world(MOSAIC, processing=processing)
        assert status == 0, text[-4000:]
        mosaics[engine] = [read_raster(folder / FLOOR / name) for name in ("mosaic.tif", "mosaic_sources.tif")]
        if engine == "isis":
            calls = [json.loads(line) for line in (folder / "calls").read_text().splitlines()]
            equalized = [parameters["process"] for program, parameters in calls if program == "equalizer"]
            assert equalized == ["CALCULATE", "APPLY"]
    (ours, _, tags), (sources, _, _) = mosaics["isis"]
    (native, _, native_tags), (native_sources, _, _) = mosaics["native"]
    assert tags["IMF_PRODUCTS"] == native_tags["IMF_PRODUCTS"] == ",".join(world.products)
    np.testing.assert_array_equal(sources, native_sources)
    np.testing.assert_allclose(ours.astype(int), native.astype(int), rtol=0, atol=1)
    assert (ours == native).mean() > 0.98 and (ours > 0).all()


def test_a_project_folder_that_isis_would_misread_in_its_lists_works(world, tmp_path):
    """mosrange, equalizer and automos read lists of cubes."""
    folder = tmp_path / "my moon, 2025+x"
    shutil.copytree(world.folder, folder, symlinks=True)
    elsewhere, world.folder = world.folder, folder
    try:
        fresh(folder)
        isis = {"root": str(elsewhere / "root"), "data": str(elsewhere / "data")}
        status, text, _ = world(MOSAIC, processing={"mosaic": {"brightness": "gain"}, "isis": isis})
    finally:
        world.folder = elsewhere
    assert status == 0, text[-4000:]
    assert set(np.unique(read_raster(folder / FLOOR / "mosaic_sources.tif")[0])) == {1, 2}


def test_a_login_page_instead_of_the_spice_server_blames_no_image(world):
    fresh(world.folder)
    fails = {"spiceinit": {"*": "The server sent an unrecognized response [<html><title>Login</title></html>]"}}
    status, text, folder = world(MOSAIC, fails=fails, processing={"allow_missing": True})
    assert status != 0 and "what answered is not the SPICE server" in text
    assert not (folder / FLOOR / "left_out.csv").exists()


def test_a_shape_model_that_is_not_there_stops_instead_of_the_sphere(world):
    fresh(world.folder)
    processing = {"allow_missing": True, "isis": {"shape": "system"}}
    status, text, folder = world(f"{FLOOR}/isis/{LEFT}.spice.cub", processing=processing)
    assert status != 0 and "processing.isis.shape: is system, and spiceinit found no shape model" in text
    assert not (folder / FLOOR / "isis" / f"{LEFT}.spice.cub").exists()


def test_the_facts_of_an_image_are_those_on_the_shape_model_that_it_is_projected_on(world):
    fresh(world.folder)
    grid, dem = target_grid({**world.target, **PLACE}), world.folder / "dem.cub"
    left, bottom, right, top = grid.bounds
    around = MapGrid.covering(grid.crs, (left - 5e3, bottom - 5e3, right + 5e3, top + 5e3), 50.0)
    cubefile.write_cube(dem, np.full((1, *around.shape), 1739400.0, np.float32), around)
    cubefile.add_table(dem, "ShapeModelStatistics", {"MinimumRadius": [1739.4]})
    processing = {"isis": {"shape": "user", "shape_model": str(dem)}}
    status, text, folder = world(f"{FLOOR}/projected/{LEFT}.tif", processing=processing)
    assert status == 0, text[-4000:]
    isd = folder / FLOOR / "simulated" / "edr" / f"{LEFT}.json"
    expected, sphere = (image_facts(camera_from_isd(isd), grid, "isis", heights_m) for heights_m in (2000.0, 0.0))
    found = facts_of(folder / FLOOR / "projected" / f"{LEFT}.tif")
    assert found.ground_resolution_m == pytest.approx(expected.ground_resolution_m, rel=1e-4)
    assert found.ground_resolution_m != pytest.approx(sphere.ground_resolution_m, rel=1e-3)


def test_the_demos_target_goes_from_raw_images_to_its_map(tmp_path):
    """Every rule from lronac2isis to the map and its products, with the weights that the demo starts from."""
    demo = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text())
    config = {key: demo[key] for key in ("recipe", "tiles", "simulation", "inference", "mapping")}
    config |= {
        "run": {"name": "isis", "seed": demo["run"]["seed"]},
        "models": {"small_unet": {"checkpoint": str(ROOT / "resources" / "detector.pt")}},
        "targets": {"unseen": demo["targets"]["unseen"]},
    }
    images = demo["targets"]["unseen"]["simulate"]["images"]
    del images[1:]
    products = [image["product"] for image in images]
    results = tmp_path / "results" / "isis" / "unseen"
    edrs = [f"results/isis/unseen/simulated/edr/{product}.IMG" for product in products]
    run_snakemake(tmp_path, write_config(tmp_path / "simulate.yaml", config), *edrs)
    (calibration,) = (path.parent for path in (tmp_path / "results" / "isis").glob("**/nac_darks"))
    (tmp_path / "data" / "lro").mkdir(parents=True)
    (tmp_path / "data" / "lro" / "calibration").symlink_to(calibration)
    install(tmp_path / "root")
    isis = {"root": str(tmp_path / "root"), "data": str(tmp_path / "data")}
    config["processing"] = {"engine": "isis", "mosaic": {"stretch": "percentile"}, "isis": isis}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMF_STANDIN_ISDS", str(results / "simulated" / "edr"))
        patch.setenv("IMF_STANDIN_CALLS", str(tmp_path / "calls"))
        run_snakemake(tmp_path, write_config(tmp_path / "isis.yaml", config), "unseen")
    assert (results / "map.png").stat().st_size > 0 and (results / "fractures.gpkg").stat().st_size > 0
    grid = target_grid({**demo["targets"]["unseen"], **PLACE})
    for product in products:
        edr = results / "simulated" / "edr" / f"{product}.IMG"
        edr_to_map(edr, edr.with_suffix(".json"), calibration, grid, tmp_path / "native.tif", Processing(threads=2))
        native, ours = read_raster(tmp_path / "native.tif")[0], read_raster(results / "projected" / f"{product}.tif")[0]
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(native))
        np.testing.assert_allclose(ours, native, rtol=0, atol=2e-5)
