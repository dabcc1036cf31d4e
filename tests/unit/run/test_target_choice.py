import pytest

from imfmap.run import target_choice
from imfmap.run.config.target import SOURCES

SENSOR, DIRECT = {"path": "sensor"}, {"path": "direct"}


@pytest.fixture
def config():
    """dict: as much of a completed configuration as the choice of targets reads."""
    return {
        "recipe": "sun_aligned",
        "processing": {"engine": "native", "keep_calibrated": True},
        "coarse": {"resolution_m": 6.0},
        "targets": {
            "found": {"search": {}, "role": "map", "resolution_m": 1.5, "boundary": "floor.gpkg"},
            "cube": {"cubes": ["a.cub"], "role": "train", "resolution_m": 1.5},
            "theirs": {"mosaic": "a.tif", "role": "test", "resolution_m": 1.5},
            "scene": {"simulate": SENSOR, "role": "train", "resolution_m": 1.5},
            "flat": {"simulate": DIRECT, "role": "test", "resolution_m": 1.5},
            "found_coarse": {"coarse_of": "found", "resolution_m": 6.0},
            "scene_coarse": {"coarse_of": "scene", "role": "train", "resolution_m": 6.0},
        },
    }


def test_targets_by_source_and_role(config):
    assert target_choice.with_source(config, "search", "cubes") == ["found", "cube"]
    assert target_choice.with_role(config, "train") == ["cube", "scene", "scene_coarse"]
    assert target_choice.with_edrs(config) == ["found", "scene"]
    assert target_choice.averaged(config) == ["found_coarse", "scene_coarse"]
    assert target_choice.scored(config) == ["flat"]
    assert [name for name in config["targets"] if target_choice.fetches_images(config, name)] == ["found"]
    assert target_choice.calibrated_kept(config, "found", "theirs", "flat", "found_coarse") == ["found"]
    config["processing"]["keep_calibrated"] = False
    assert target_choice.calibrated_kept(config, "found") == []


@pytest.mark.parametrize(("recipe", "mosaics"), [("sun_aligned", True), ("paper", False)])
@pytest.mark.parametrize("engine", ["native", "isis"])
def test_each_target_gets_its_mosaic_from_one_place(config, recipe, mosaics, engine):
    config["recipe"], config["processing"]["engine"] = recipe, engine
    native, isis = target_choice.mosaicked(config, "native"), target_choice.mosaicked(config, "isis")
    taken = target_choice.taken_in(config)
    assert sorted([*native, *(isis if engine == "isis" else []), *taken]) == sorted(config["targets"])
    assert ("theirs" in native, taken) == (mosaics, [] if mosaics else ["theirs"])
    # What exists only on the map is no cube.
    assert {"flat", "found_coarse", "scene_coarse"} <= set(native)
    assert target_choice.mosaicked(config, engine) == ([*native] if engine == "native" else ["found", "scene", "cube"])


def test_a_model_learns_at_the_resolution_that_it_asks_for(config):
    assert target_choice.to_learn(config, None, "train") == ["cube", "scene"]
    assert target_choice.to_learn(config, 6.0, "train") == ["scene_coarse"]


def test_a_coarser_target_knows_what_its_origin_knows(config):
    assert target_choice.origin(config, "scene_coarse") == "scene" == target_choice.origin(config, "scene")
    assert [name for name in config["targets"] if target_choice.has_truth(config, name)] == [
        "scene",
        "flat",
        "scene_coarse",
    ]
    assert not target_choice.has_boundary(config, "cube") and target_choice.has_boundary(config, "found_coarse")


def test_the_maps_of_a_coarse_comparison_have_words(config):
    assert target_choice.coarse_maps(config, "found") == {"found": "1.5 m/px", "found_coarse": "6 m/px"}
    config["targets"]["found_retrained"] = {"coarse_of": "found"}
    assert target_choice.coarse_maps(config, "found")["found_retrained"] == "6 m/px, retrained"


@pytest.mark.parametrize(
    ("images", "chosen"),
    [("projected", ["given"]), ("all", ["given", "found", "scene", "cube", "flat"]), ("none", [])],
)
def test_images_of_these_targets_are_co_registered(config, images, chosen):
    config["targets"]["given"] = {"projected": ["a.tif"], "role": "map", "resolution_m": 1.5}
    config["processing"]["coregistration"] = {"images": images}
    assert target_choice.coregistered(config) == chosen
    assert "given" in target_choice.mosaicked(config, "native")
    assert target_choice.calibrated_kept(config, "given") == []


def test_a_target_is_described_by_its_title_source_and_role(config):
    for name, target in config["targets"].items():
        if name != "theirs":
            target["title"] = name.title()
    said = {name: target_choice.described(config, name) for name in config["targets"]}
    assert said["found"] == "Found, images that a search of the archive finds: the map, and all before it"
    assert said["theirs"].startswith("theirs, a mosaic of yours: ")
    assert said["cube"] == "Cube, cubes of yours: the map, and all before it (role train)"
    assert said["found_coarse"].startswith("Found_Coarse, at 6 m/px: ")
    assert set(target_choice._SOURCES) == set(SOURCES)
