"""The benchmark set: its two sizes, its direct path, and what is counted in it."""

import copy

import geopandas
import numpy as np
import pandas
import pytest
import rasterio
import shapely
import yaml

from imfmap.core.choices import ROLES
from imfmap.core.errors import InputError
from imfmap.labels.truth_classes import CLASSES
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import create_raster, open_raster, write_raster
from imfmap.maps.vectors import write_vector
from imfmap.run.config.complete import complete
from imfmap.scoring.benchmark_set import summarise_target, summary_table, write_summary
from imfmap.simulate.direct import TerrainFile, TerrainPart, image_to_map
from imfmap.simulate.imaging import SCENE_BOUNDS_TAG, Look, observe, scene_camera
from imfmap.simulate.settings import ImageSettings
from imfmap.tiles.tiles import count_tiles, cut_tiles
from tests.helpers.tile_factory import facts

CRS = body("moon").projected("equirectangular", -10.4, -165.1)
IMAGE = {"product": "M1500000000LE", "sun_azimuth_deg": 300.0, "incidence_deg": 72.0}


# --- the two sizes ---


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
    with pytest.raises(InputError, match=r"targets\.one\.simulate\.path: .*not normalised"):
        complete(config, "x.yaml")


# --- the direct path ---


def write_terrain(path, target, resolution_m=1.5, cliff_m=0.0):
    """Rolling ground, with a cliff along its west side."""
    left, bottom, right, top = target.bounds
    grid = MapGrid.covering(target.crs, (left - 96, bottom - 96, right + 96, top + 96), resolution_m)
    x, y = grid.xy(np.arange(grid.shape[0])[:, None], np.arange(grid.shape[1])[None, :])
    height_m = 4.0 * np.sin(x / 37.0) * np.cos(y / 51.0) + np.where(x - left < 150.0, cliff_m, 0.0)
    albedo = 1.0 + 0.1 * np.sin((x + y) / 90.0)
    tags = {SCENE_BOUNDS_TAG: " ".join(map(str, target.bounds))}
    with create_raster(path, grid, "float32", bands=2, tags=tags, overviews=False) as dataset:
        dataset.write(height_m.astype(np.float32), 1)
        dataset.write(albedo.astype(np.float32), 2)
    return TerrainPart(grid, height_m.astype(np.float32), albedo.astype(np.float32), None)


@pytest.fixture
def target():
    return MapGrid.centred(CRS, -165.1, -10.4, 900.0, 1500.0, 1.5)


@pytest.mark.parametrize("azimuth_deg", [20.0, 110.0, 205.0, 283.0])
def test_a_window_is_the_same_as_in_the_whole(tmp_path, target, azimuth_deg):
    """Shadows of ground far outside the window, blur and parallax included; noise apart."""
    whole = write_terrain(tmp_path / "terrain.tif", target, cliff_m=150.0)
    sun = azimuth_deg, IMAGE["incidence_deg"]
    camera = scene_camera(ImageSettings.from_mapping(IMAGE), whole.grid, target.bounds, 5)
    row, column, window = 350, 200, target.window(350, 200, 256, 256)
    with open_raster(tmp_path / "terrain.tif") as dataset:
        terrain = TerrainFile(dataset)
        look = Look.of(camera, window)
        part = terrain.part(terrain.needed_bounds(window.bounds, look, *sun))
    alone = observe(part, window, *sun, None, look)
    together = observe(whole, target, *sun, None, Look.of(camera, target))[row : row + 256, column : column + 256]
    if azimuth_deg == 283.0:
        # The cliff's shadow ends in the window, which needs not all of the terrain to know.
        assert 0.1 < (together < 0.003).mean() < 0.9 and part.grid.shape[1] < whole.grid.shape[1]
    differs = np.abs(alone - together) / np.percentile(together, 90)
    assert np.median(differs) < 1e-3 and np.percentile(differs, 99.5) < 0.02


def test_an_image_covers_its_swath_and_says_its_sun(tmp_path):
    target = MapGrid.centred(CRS, -165.1, -10.4, 4000.0, 300.0, 4.0)
    write_terrain(tmp_path / "terrain.tif", target, resolution_m=4.0)
    columns = []
    for number, offset_m in enumerate((0.0, 500.0)):
        path = tmp_path / f"{number}.tif"
        facts_of_it = image_to_map(tmp_path / "terrain.tif", IMAGE | {"offset_m": offset_m}, target, path, seed=3)
        with rasterio.open(path) as dataset:
            pixels = dataset.read(1)
            assert dataset.dtypes == ("float32",) and np.isnan(dataset.nodata) and dataset.shape == target.shape
            assert ImageFacts.from_tags(dataset.tags(), path) == facts_of_it
        seen = np.isfinite(pixels)
        columns.append(np.flatnonzero(seen[target.shape[0] // 2]))
        assert 0.02 < np.nanmean(pixels) < 0.2
    # 2532 summed samples of 1 m (NAC.md: a swath of some 2.5 km from 50 km).
    assert len(columns[0]) * 4.0 == pytest.approx(2532, rel=0.02)
    assert (columns[1].mean() - columns[0].mean()) * 4.0 == pytest.approx(500, abs=12)
    assert facts_of_it.engine == "direct" and facts_of_it.product == IMAGE["product"]
    assert facts_of_it.sun_azimuth_deg == pytest.approx(IMAGE["sun_azimuth_deg"], abs=0.5)
    assert facts_of_it.incidence_deg == pytest.approx(IMAGE["incidence_deg"], abs=0.5)
    assert facts_of_it.ground_resolution_m == pytest.approx(1.0, rel=0.05)


def test_noise_is_the_images_own(tmp_path, target):
    write_terrain(tmp_path / "terrain.tif", target)
    out = []
    for product, seed in (("M1500000000LE", 3), ("M1500000000LE", 3), ("M1500000100LE", 3), ("M1500000000LE", 4)):
        path = tmp_path / f"{len(out)}.tif"
        image_to_map(tmp_path / "terrain.tif", IMAGE | {"product": product}, target, path, seed)
        out.append(path.read_bytes())
    assert out[0] == out[1] and out[0] != out[2] and out[0] != out[3]


def test_what_is_no_terrain_is_refused(tmp_path, target):
    write_raster(tmp_path / "mask.tif", np.zeros(target.shape, np.uint8), target)
    with pytest.raises(InputError, match="is no simulated terrain"):
        image_to_map(tmp_path / "mask.tif", IMAGE, target, tmp_path / "out.tif", 1)
    assert not (tmp_path / "out.tif").exists()


# --- counts ---


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


@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
@pytest.mark.parametrize(("overlap", "rotate"), [(0.1, True), (0.0, False)])
def test_counted_are_the_tiles_that_would_be_cut(tmp_path, recipe, overlap, rotate):
    projected(tmp_path / "image.tif", (500, 450), 233.0)
    arguments = tmp_path / "image.tif", tmp_path / "mask.tif"
    counts = count_tiles(*arguments, recipe, 64, overlap, rotate, min_valid_fraction=0.5)
    tiles = cut_tiles(*arguments, tmp_path / "t.npz", recipe, 64, overlap, rotate, target="one", min_valid_fraction=0.5)
    labelled = tiles.mask.any(axis=(1, 2))
    assert counts == (labelled.sum(), (~labelled).sum()) and min(counts) > 0


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
