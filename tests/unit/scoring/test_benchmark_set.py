"""The benchmark set: its two sizes, its direct path, and what is counted in it."""

import copy

import geopandas
import numpy as np
import pandas
import pytest
import shapely
import yaml

from imfmap.core.choices import ROLES
from imfmap.core.errors import InputError
from imfmap.labels.truth_classes import CLASSES
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from imfmap.maps.vectors import write_vector
from imfmap.run.config.complete import complete
from imfmap.scoring.benchmark_set import summarise_target, summary_table, write_summary
from tests.helpers.simulated_terrain import CRS, IMAGE
from tests.helpers.tile_factory import facts


@pytest.fixture(scope="module")
def shipped(root):
    """dict: config/benchmark.yaml as it stands."""
    return yaml.safe_load((root / "config" / "benchmark.yaml").read_text())


def sized(config, size):
    return complete(config | {"size": size}, "benchmark.yaml")


def images_of(config, *roles):
    targets = config["targets"].values()
    return [image for target in targets if target["role"] in roles for image in target["simulate"]["images"]]


def test_the_full_set_is_the_papers(shipped, root):
    full = sized(shipped, "full")
    paper = yaml.safe_load((root / "config" / "config.yaml").read_text())["targets"]
    assert {name: target["role"] for name, target in full["targets"].items()} == {
        name: target["role"] for name, target in paper.items()
    }
    for name, target in full["targets"].items():
        # Ohm's halves of real ground keep clear of each other by some pixels.
        assert target["lat"] == pytest.approx(paper[name]["lat"], abs=0.0015) and target["lon"] == paper[name]["lon"]
    # METHOD: 25 images of 14 craters, incidence mostly 25-55 deg, extremes 11.0 and 74.2; 5 + 1, 8, 56 and 55 images.
    incidence = [image["incidence_deg"] for image in images_of(full, "train")]
    assert len(incidence) == 25 and min(incidence) == 11.0 and max(incidence) == 74.2
    assert np.mean([25 <= value <= 55 for value in incidence]) > 0.7
    counts = {name: len(target["simulate"]["images"]) for name, target in full["targets"].items()}
    assert [counts[name] for name in ("copernicus", "virtanen_f", "ohm_south", "crookes", "schomberger_a")] == [
        5, 1, 8, 56, 55,
    ]  # fmt: skip
    crookes = [image["incidence_deg"] for image in full["targets"]["crookes"]["simulate"]["images"]]
    polar = full["targets"]["schomberger_a"]["simulate"]
    assert min(crookes) >= 30 and max(crookes) <= 60
    assert all(76 <= image["incidence_deg"] <= 80 for image in polar["images"]) and polar["rim_height_m"] > 0
    assert full["tiles"]["size_px"] == 512 and full["processing"]["resolution_m"] == 1.5


@pytest.mark.parametrize("size", ["full", "small"])
def test_sets_share_no_ground_and_no_image(shipped, size):
    config = sized(shipped, size)
    seeds = [target["simulate"]["seed"] for target in config["targets"].values()]
    ids = [image["product"] for image in images_of(config, *ROLES)]
    assert len(set(seeds)) == len(seeds) and len(set(ids)) == len(ids)


def test_the_small_set_serves_every_comparison(shipped):
    small = sized(shipped, "small")
    roles = [target["role"] for target in small["targets"].values()]
    assert [roles.count(role) for role in ROLES] == [6, 2, 1, 2]
    assert small["tiles"]["size_px"] == 256 and small["run"]["name"] != sized(shipped, "full")["run"]["name"]
    for some in (("train",), ("validation", "test", "map")):
        # The Sun stands on every side, high and low.
        quarters = {int(image["sun_azimuth_deg"] // 90) for image in images_of(small, *some)}
        assert quarters == {0, 1, 2, 3}
    incidence = [image["incidence_deg"] for image in images_of(small, "train")]
    assert min(incidence) <= 15 and max(incidence) >= 75
    for target in small["targets"].values():
        assert len(target["simulate"]["images"]) >= 2, "one ground under several Suns"
    assert {target["simulate"]["path"] for target in small["targets"].values()} == {"sensor", "direct"}


def test_labels_of_one_crater_are_exact_and_fractures_of_another_thin(shipped):
    scenes = {name: target["simulate"] for name, target in sized(shipped, "full")["targets"].items()}
    habits = scenes["copernicus"]["labels"]
    assert habits["polygon_share"] == 1 and not any(value for name, value in habits.items() if name != "polygon_share")
    # Below the upper bound of the paper's class of tiny ones.
    assert scenes["virtanen_f"]["fracture_max_width_m"] <= 7.5


def test_small_values_are_put_over_the_others():
    config = {
        "run": {"name": "set"},
        "targets": {
            name: {"lat": 1, "lon": 2, "diameter_km": 3, "simulate": {"seed": 1, "images": [IMAGE], "wall_share": 0.4}}
            for name in ("one", "two")
        },
        "small": {
            "run": {"name": "set_small"},
            "targets": {
                "one": {"simulate": {"wall_share": 0.1, "images": [IMAGE | {"incidence_deg": 30}]}},
                "two": None,
            },
        },
    }
    before = copy.deepcopy(config)
    small, full = sized(config, "small"), complete(config, "x.yaml")
    assert config == before
    assert full["run"]["name"] == "set" and set(full["targets"]) == {"one", "two"} and full["size"] == "full"
    assert small["run"] == {"name": "set_small", "seed": 1} and set(small["targets"]) == {"one"}
    scene = small["targets"]["one"]["simulate"]
    assert (scene["seed"], scene["wall_share"], scene["path"]) == (1, 0.1, "sensor")
    assert [image["incidence_deg"] for image in scene["images"]] == [30]

    config["small"]["targets"]["one"]["latt"] = 5
    with pytest.raises(InputError, match=r"x\.yaml with its key small: targets\.one: unknown key 'latt'"):
        complete(config, "x.yaml")


def test_images_of_the_direct_path_cannot_be_normalised():
    scene = {"seed": 1, "images": [IMAGE], "path": "direct"}
    config = {
        "run": {"name": "set"},
        "processing": {"photometry": "parameters.pvl"},
        "targets": {"one": {"lat": 1, "lon": 2, "diameter_km": 3, "simulate": scene}},
    }
    with pytest.raises(InputError, match=r"targets\.one\.simulate\.path: photometry cannot be applied"):
        complete(config, "x.yaml")


@pytest.fixture
def target():
    return MapGrid.centred(CRS, -165.1, -10.4, 900.0, 1500.0, 1.5)


def projected(path, shape, sun_azimuth_deg):
    grid = MapGrid.centred(CRS, -165.1, -10.4, 1.5 * shape[1], 1.5 * shape[0], 1.5)
    image = np.full(grid.shape, np.nan, np.float32)
    seen = image[10:-40, 60:-30]
    seen[:] = 0.05 + 0.01 * np.random.default_rng(1).random(seen.shape)
    write_raster(path, image, grid, nodata=np.nan, tags=facts("M1500000000LE", sun_azimuth_deg).tags())
    mask = np.zeros(grid.shape, np.uint8)
    mask[100:140, 120:125] = mask[300:302, 200:330] = 1
    write_raster(path.with_name("mask.tif"), mask, grid, overviews="nearest")
    return grid, image, mask


def test_a_target_is_counted_from_its_files(tmp_path):
    grid, image, mask = projected(tmp_path / "image.tif", (300, 400), 90.0)
    write_raster(tmp_path / "truth.tif", mask * np.uint8(CLASSES["fracture"]), grid, overviews="nearest")
    left, bottom, right, top = grid.bounds

    def boxes(count, x):
        return [shapely.box(x + 20 * k, bottom + 30, x + 20 * k + 5, bottom + 60) for k in range(count)]

    # Widths on both sides of the paper's bounds (5, 10, 20 and 30 px of 1.5 m), one fracture beyond the map's edge.
    widths = [2.0, 7.4, 7.6, 20.0, 44.0, 46.0]
    fractures = geopandas.GeoDataFrame(
        {"width_m": [*widths, 3.0]}, geometry=boxes(6, left) + boxes(1, right + 50), crs=CRS
    )
    kinds = ["ridge", "ridge", "boulder", "crater", "crater", "crater", "trail"]
    objects = geopandas.GeoDataFrame({"kind": kinds}, geometry=boxes(7, left), crs=CRS)
    write_vector(tmp_path / "truth.gpkg", {"fractures": fractures, "objects": objects})
    lines = geopandas.GeoDataFrame(
        {"width_class": ["tiny", "small"]}, geometry=[shapely.LineString([(left, top), (right, top)])] * 2, crs=CRS
    )
    polygons = geopandas.GeoDataFrame({}, geometry=boxes(1, left), crs=CRS)
    write_vector(tmp_path / "labels.gpkg", {"lines": lines, "polygons": polygons})
    counts = summarise_target(
        [tmp_path / "image.tif"] * 2,
        *(tmp_path / name for name in ("labels.gpkg", "mask.tif", "truth.tif", "truth.gpkg")),
        recipe="paper",
        tiles={"size_px": 64, "overlap": 0.1, "min_valid_fraction": 0.5, "quarter_turns": True},
        training=False,
    )
    assert (counts["images"], counts["labels"], counts["fractures"]) == (2, 3, 6)
    assert [counts[name] for name in ("tiny", "small", "medium", "large", "huge")] == [2, 1, 1, 1, 1]
    assert [counts[f"{kind}s"] for kind in ("ridge", "boulder", "crater", "trail")] == [2, 1, 3, 1]
    assert counts["ground_km2"] == pytest.approx(mask.size * 2.25e-6, abs=0.01)
    assert counts["image_km2"] == pytest.approx(2 * np.isfinite(image).sum() * 2.25e-6, abs=0.01)
    assert counts["fracture_share"] == pytest.approx(mask.mean(), abs=1e-5)

    lines = [{"target": name, "title": name, "role": role} | counts for name, role in (("a", "test"), ("b", "train"))]
    table = summary_table([*lines, lines[1] | {"target": "c", "title": "c"}])
    assert list(table["set"]) == ["Tr + Va1"] * 3 + ["Te"] * 2
    total = table[(table["set"] == "Tr + Va1") & (table["target"] == "")].iloc[0]
    assert total["images"] == 4 and total["tiles_with"] == 2 * counts["tiles_with"] and total["medium"] == 2
    write_summary(table, tmp_path / "set.csv", tmp_path / "set.md")
    assert list(pandas.read_csv(tmp_path / "set.csv")["fractures"]) == [6, 6, 12, 6, 6]
    text = (tmp_path / "set.md").read_text().splitlines()
    assert len({line.count("|") for line in text}) == 1 and len(text) == 7
