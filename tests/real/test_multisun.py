"""Real images that were projected elsewhere: two places under ten and seven Suns.

All of them are laid on the map and co-registered. Their Suns are computed from their start times, and held against
ISIS's numbers for the same images. The workflow maps three of each place.
"""

import csv
import itertools
import json
import shutil

import numpy as np
import pytest
import torch
from scipy import ndimage

from imfmap.acquisition.image_table import row_of
from imfmap.acquisition.sun import sun_angles
from imfmap.engines.map_projected import raster_to_map
from imfmap.learning.models import build_model, save_checkpoint
from imfmap.maps.image_facts import facts_of
from imfmap.maps.image_layers import ImageLayer
from imfmap.maps.rasters import read_raster
from imfmap.maps.target_grid import target_grid
from imfmap.mosaic.coregistration import LEAST_CONFIDENCE, coregister, measure_shift
from tests.workflow.conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow

# The first of the three images that the workflow maps is the reference of all.
PLACES = {
    "S1": {"lat": 44.1214, "lon": -19.5117, "mapped": ("M1389516184RE", "M1276733320LE", "M1164944600RE")},
    "S2": {"lat": 0.67416, "lon": 23.47314, "mapped": ("M1129340193RE", "M102014464RE", "M113799518RE")},
}
SIZE = {"diameter_km": 1, "extent_km": [0.6, 0.6]}
_MAP = {"body": "moon", "projection": "equirectangular", "resolution_m": 1.5}
LIMIT_M = 200
# An image of 2009 that shows other ground than the rest, or none that can be told.
ELSEWHERE = "M102014464RE"
MODEL = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [16, 8, 4]}


@pytest.fixture(scope="module")
def data(real_data):
    folder = real_data / "multisun"
    if not folder.is_dir():
        pytest.skip(f"no images under many Suns: {folder} is not there")
    return folder


@pytest.fixture(scope="module")
def truth(data):
    """dict: ISIS's numbers by product."""
    with open(data / "illumination.csv", newline="") as file:
        return {row["product"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module", params=PLACES)
def laid(request, data, tmp_path_factory):
    """Grid, and image, co-registered image and result of each product of a place.

    The names of S1's files tell their times; S2 has the table.
    """
    place, folder = PLACES[request.param], tmp_path_factory.mktemp(request.param)
    grid = target_grid({**SIZE, "lat": place["lat"], "lon": place["lon"], **_MAP})
    images, reference = {}, None
    for path in sorted(
        data.glob(f"{request.param}_*.tif"), key=lambda path: (place["mapped"][0] not in path.name, path)
    ):
        product = path.stem.split("_")[1]
        image, moved = folder / f"{product}.tif", folder / f"{product}.moved.tif"
        known = row_of(data / "illumination.csv", path) if request.param == "S2" else {}
        raster_to_map(path, grid, image, product, known)
        images[product] = image, moved, coregister(image, reference, moved, grid, LIMIT_M)
        reference = reference or moved
    return grid, images


def test_the_computed_sun_is_that_of_isis(truth, record_property):
    """On the ground, the direction towards the Sun is what the table calls the north azimuth."""
    computed = [
        sun_angles(row["start_time"], PLACES[row["site"]]["lon"], PLACES[row["site"]]["lat"]) for row in truth.values()
    ]
    theirs = [[float(row[key]) for key in ("north_azimuth_deg", "incidence_deg")] for row in truth.values()]
    largest = np.abs(np.array(computed) - theirs).max(axis=0)
    record_property("largest_difference_deg", f"azimuth {largest[0]:.4f}, incidence {largest[1]:.4f}")
    assert largest[0] < 0.02 and largest[1] < 0.005, largest


def test_each_image_knows_its_sun_and_its_pixels(laid, truth):
    _, images = laid
    for product, (path, _, _) in images.items():
        facts, row = facts_of(path), truth[product]
        # Over the 600 m of the map, and the second that a name leaves open.
        assert facts.incidence_deg == pytest.approx(float(row["incidence_deg"]), abs=0.02)
        assert facts.sun_azimuth_deg == pytest.approx(float(row["north_azimuth_deg"]), abs=0.15)
        assert facts.ground_resolution_m == pytest.approx(float(row["resolution_m"]), rel=1e-4)
        assert facts.start_time[:16] == row["start_time"][:16].replace(" ", "T") and facts.engine == "none"
        assert np.isfinite(read_raster(path)[0]).mean() > 0.99


def test_the_pictures_themselves_show_the_sun_where_it_was_computed(laid):
    """Brightness changes most along the direction to the Sun. Under a low Sun the steepest ones are falls.

    (Ground of all slopes: the first axis of the structure tensor, and the sign of the mean cubed derivative.)
    """
    off_deg = {}
    for product, (path, _, _) in laid[1].items():
        facts, (pixels, _, _) = facts_of(path), read_raster(path)
        if facts.incidence_deg < 40:
            # Near noon it is the ground's albedo that changes.
            continue
        down, right = np.gradient(
            ndimage.gaussian_filter(np.where(np.isfinite(pixels), pixels, np.nanmean(pixels)), 1.0)
        )
        tensor = [[np.mean(right * right), np.mean(-right * down)], [np.mean(-right * down), np.mean(down * down)]]
        east, north = np.linalg.eigh(tensor)[1][:, 1]
        off_deg[product] = (np.degrees(np.arctan2(east, north)) - facts.sun_azimuth_deg + 90) % 180 - 90
        if facts.incidence_deg > 60:
            azimuth = np.radians(facts.sun_azimuth_deg)
            assert np.mean((right * np.sin(azimuth) - down * np.cos(azimuth)) ** 3) < 0, product
    assert len(off_deg) >= 5
    assert np.median(np.abs(list(off_deg.values()))) < 5 and max(map(abs, off_deg.values())) < 20, off_deg


def test_images_are_laid_on_the_reference(laid):
    grid, images = laid
    first = next(iter(images))
    for product, (_, _, result) in images.items():
        assert result.moved == (product not in (first, ELSEWHERE)), (product, result)
        if result.moved:
            assert 1 < np.hypot(result.right_m, result.up_m) < LIMIT_M and result.confidence >= LEAST_CONFIDENCE
    if ELSEWHERE in images:
        assert images[ELSEWHERE][2].right_m is None and "windows agree" in images[ELSEWHERE][2].note
    # Images that were never compared lie on each other now, too: a to b and b to c add up to a to c.
    moved = [product for product, (_, _, result) in images.items() if result.moved]
    before_m, rest_m = [], []
    for one, other in itertools.combinations(moved[:5], 2):
        for column, found in ((0, before_m), (1, rest_m)):
            with (
                ImageLayer.open(images[one][column], grid) as reference,
                ImageLayer.open(images[other][column], grid) as image,
            ):
                shift = measure_shift(reference.read, image.read, grid.shape, LIMIT_M / grid.resolution_m)
            if shift.is_sure:
                found.append(grid.resolution_m * np.hypot(shift.rows, shift.columns))
    assert len(moved) >= 5 and len(rest_m) >= 6
    assert np.median(rest_m) < 1.5 and max(rest_m) < 5 < np.median(before_m), (before_m, rest_m)


@pytest.fixture(scope="module")
def mapped(data, tmp_path_factory):
    """Path: results of a run that maps three images of each place."""
    folder = tmp_path_factory.mktemp("multi sun")
    torch.manual_seed(1)
    settings = {**MODEL, "recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
    save_checkpoint(folder / "net.pt", build_model(settings), settings)
    targets = {}
    for name, place in PLACES.items():
        paths = [data / f"{name}_{product}.tif" for product in place["mapped"]]
        for path in paths:
            shutil.copy(path, folder / path.name.replace("_", " "))
        where = {key: place[key] for key in ("lat", "lon")}
        listed = [path.name.replace("_", " ") for path in paths]
        targets[name.lower()] = {**SIZE, **where, "role": "map", "projected": listed}
    targets["s2"]["image_table"] = str(data / "illumination.csv")
    config = {
        "run": {"name": "multisun"},
        "models": {"net": {"checkpoint": "net.pt"}},
        "inference": {"device": "cpu"},
        "training": {"threads": 1},
        "mapping": {"floor": False},
        "targets": targets,
    }
    # Of the first place everything is made.
    run = "results/multisun"
    wanted = [f"{run}/s2/fractures.gpkg", f"{run}/s2/summary.json"]
    text = run_snakemake(folder, write_config(folder / "config.yaml", config), "s1", *wanted)
    assert "s2: " in text and f"not moved: S2_{ELSEWHERE} (only " in text
    return folder / run


@pytest.mark.parametrize("name", PLACES)
def test_the_workflow_maps_both_places_and_names_every_sun(mapped, name, truth):
    rows = json.loads((mapped / name.lower() / "summary.json").read_text())["images"]
    assert {row["product"] for row in rows} == {f"{name}_{product}" for product in PLACES[name]["mapped"]}
    for row in rows:
        product = row["product"].removeprefix(f"{name}_")
        assert row["incidence_deg"] == pytest.approx(float(truth[product]["incidence_deg"]), abs=0.02)
        # The table tells the emission angles of S2; nobody tells those of S1.
        assert (row["emission_deg"] is None) == (name == "S1")
        assert row["coregistration"]["moved"] == (product not in (PLACES[name]["mapped"][0], ELSEWHERE))


def test_every_product_is_made(mapped, truth):
    for file in ("mosaic.tif", "probability.tif", "fractures.gpkg", "map.png", "overview.pdf", "map.qgz", "viewer"):
        assert (mapped / "s1" / file).exists(), file
    items = [json.loads(path.read_text()) for path in (mapped / "s1" / "stac").rglob("*.json")]
    suns = {item["id"]: item["properties"].get("view:sun_elevation") for item in items if "geometry" in item}
    for product in PLACES["S1"]["mapped"]:
        assert suns[f"S1_{product}"] == pytest.approx(90 - float(truth[product]["incidence_deg"]), abs=0.02)
    assert not list((mapped / "s1").glob("unregistered/*.tif"))
