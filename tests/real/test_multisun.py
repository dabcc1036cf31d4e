"""Real images that were projected elsewhere: two places under ten and seven Suns, mapped by the whole workflow.

Their Suns are computed from their start times, and held against ISIS's numbers for the same images.
"""

import csv
import itertools
import json
import shutil

import numpy as np
import pytest
import torch
from scipy import ndimage

from imfmap.acquisition.sun import sun_angles
from imfmap.learning.models import build_model, save_checkpoint
from imfmap.maps.coregistration_tag import coregistration_of
from imfmap.maps.image_facts import facts_of
from imfmap.maps.image_layers import ImageLayer
from imfmap.maps.rasters import read_grid, read_raster
from imfmap.mosaic.coregistration import measure_shift
from tests.workflow.conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow

# The reference comes first. The search is for a small part of each place.
PLACES = {
    "site_s1": {"lat": 44.1214, "lon": -19.5117, "files": "S1", "first": "M1389516184RE"},
    "site_s2": {"lat": 0.67416, "lon": 23.47314, "files": "S2", "first": "M1129340193RE"},
}
MODEL = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [16, 8, 4]}
# Off by more than the limit, or by too much for these small images; the others must be laid on the reference.
FAR = {"M102014464RE"}


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


@pytest.fixture(scope="module")
def mapped(data, tmp_path_factory):
    """Path: results of a run that maps both places. The names of S1's files tell their times, S2 has a table."""
    folder = tmp_path_factory.mktemp("multi sun")
    torch.manual_seed(1)
    settings = {**MODEL, "recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
    save_checkpoint(folder / "net.pt", build_model(settings), settings)
    targets = {}
    for name, place in PLACES.items():
        paths = sorted(data.glob(f"{place['files']}_*.tif"), key=lambda path: (place["first"] not in path.name, path))
        for path in paths:
            shutil.copy(path, folder / path.name.replace("_", " "))
        targets[name] = {
            **{key: place[key] for key in ("lat", "lon")},
            **{"role": "map", "diameter_km": 1, "extent_km": [0.6, 0.6]},
            "projected": [path.name.replace("_", " ") for path in paths],
        }
    targets["site_s2"]["image_table"] = str(data / "illumination.csv")
    config = {
        "run": {"name": "multisun"},
        "recipe": "sun_aligned",
        "models": {"net": {"checkpoint": "net.pt"}},
        "inference": {"device": "cpu"},
        "training": {"threads": 1},
        "mapping": {"floor": False},
        "targets": targets,
    }
    run_snakemake(folder, write_config(folder / "config.yaml", config))
    return folder / "results" / "multisun"


def images(mapped, name):
    return {path.stem.split("_")[-1]: path for path in sorted((mapped / name / "projected").glob("*.tif"))}


@pytest.mark.parametrize("name", PLACES)
def test_every_product_is_made_and_names_every_sun(mapped, name, truth):
    found = images(mapped, name)
    assert len(found) == (10 if name == "site_s1" else 7)
    summary = json.loads((mapped / name / "summary.json").read_text())
    rows = {row["product"].split("_")[-1]: row for row in summary["images"]}
    assert set(rows) == set(found)
    for product, row in rows.items():
        assert row["incidence_deg"] == pytest.approx(float(truth[product]["incidence_deg"]), abs=0.02)
        assert row["start_time"][:16] == truth[product]["start_time"][:16].replace(" ", "T")
        # The table tells emission and phase of S2; nobody tells those of S1.
        assert (row["emission_deg"] is None) == (name == "site_s1")
    items = [json.loads(path.read_text()) for path in (mapped / name / "stac").rglob("*.json")]
    suns = {
        item["id"].split("_")[-1]: item["properties"].get("view:sun_elevation") for item in items if "assets" in item
    }
    for product in found:
        assert suns[product] == pytest.approx(90 - float(truth[product]["incidence_deg"]), abs=0.02)
    for file in ("mosaic.tif", "probability.tif", "fractures.gpkg", "map.png", "map.qgz", "viewer"):
        assert (mapped / name / file).exists()


def test_the_computed_sun_is_that_of_isis(truth, record_property):
    """On the ground, the direction towards the Sun is what the table calls the north azimuth."""
    places = {place["files"]: (place["lon"], place["lat"]) for place in PLACES.values()}
    computed = np.array([sun_angles(row["start_time"], *places[row["site"]]) for row in truth.values()])
    theirs = np.array([[float(row[key]) for key in ("north_azimuth_deg", "incidence_deg")] for row in truth.values()])
    largest = np.abs(computed - theirs).max(axis=0)
    record_property("largest_difference_deg", f"azimuth {largest[0]:.4f}, incidence {largest[1]:.4f}")
    assert largest[0] < 0.02 and largest[1] < 0.005, largest


@pytest.mark.parametrize("name", PLACES)
def test_the_pictures_themselves_show_the_sun_where_it_was_computed(mapped, name):
    """Brightness changes most along the direction to the Sun. Under a low Sun the steepest changes are falls towards it.

    (Ground of all slopes: the first axis of the structure tensor, and the sign of the mean cubed derivative.)
    """
    off_deg = {}
    for product, path in images(mapped, name).items():
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
    assert np.median(np.abs(list(off_deg.values()))) < 4 and max(map(abs, off_deg.values())) < 15, off_deg


@pytest.mark.parametrize("name", PLACES)
def test_images_are_laid_on_the_reference(mapped, name):
    found = images(mapped, name)
    results = {product: coregistration_of(path) for product, path in found.items()}
    moved = {product for product, result in results.items() if result.moved}
    assert moved == set(found) - FAR - {PLACES[name]["first"]}
    for product in moved:
        assert 1 < np.hypot(results[product].right_m, results[product].up_m) < 200
        assert results[product].confidence >= 0.4
    for product in FAR & set(found):
        assert results[product].right_m is None and "windows agree" in results[product].note
    # Also those lie on each other now that were never compared. Images near noon tell less.
    grid = read_grid(mapped / name / "probability.tif")
    kept = [found[product] for product in sorted(moved) if facts_of(found[product]).incidence_deg > 20]
    rest_m = []
    for first, other in itertools.combinations(kept[:6], 2):
        with ImageLayer.open(first, grid) as reference, ImageLayer.open(other, grid) as image:
            shift = measure_shift(reference.read, image.read, grid.shape, 60)
        if shift.is_sure:
            rest_m.append(1.5 * np.hypot(shift.rows, shift.columns))
    assert len(rest_m) >= 5 and np.median(rest_m) < 1.5 and max(rest_m) < 4.5, rest_m
