import pytest

from imfmap.core.errors import InputError
from imfmap.run import model_choice
from imfmap.run.comparison_rows import compared_rows, row_scores


@pytest.fixture
def config():
    """dict: as much of a completed configuration as the choice of models reads."""
    net = {"architecture": "unet", "recipe": "sun_aligned", "split": "tile", "sun_input": False}
    theirs = {"checkpoint": "a.pt", "recipe": "paper", "sun_input": False}
    return {
        "run": {"seed": 3},
        "recipe": "paper",
        "processing": {"engine": "isis"},
        "augmentation": {"probability": 0.5, "paper": {"turn": 1}, "sun_aligned": {"turn": 2}},
        "models": {"net": net, "fine-s": {**net, "resolution_m": 6.0, "split": "place"}, "theirs": theirs},
        "inference": {"model": "theirs"},
        "evaluation": {"models": ["net-s5"]},
        "comparison": {
            "seeds": [1, 2],
            "sun_offsets_deg": [0, 30, -30],
            "questions": {"which": {"models": ["net", "theirs"]}},
        },
        "targets": {
            "spot": {"search": {}, "role": "test", "resolution_m": 1.5},
            "scene": {"simulate": {}, "role": "map", "model": "net"},
            "mosaic": {"mosaic": "/data/theirs.tif"},
        },
    }


def test_a_number_behind_a_models_name_is_its_seed(config):
    assert model_choice.model_settings(config, "net")["seed"] == 3
    assert model_choice.model_settings(config, "net-s12")["seed"] == 12
    assert model_choice.model_settings(config, "fine-s-s2")["resolution_m"] == 6.0
    assert model_choice.with_key(config, "architecture") == ["net", "fine-s"]
    assert model_choice.is_trained_here(config, "net-s12") and not model_choice.is_trained_here(config, "theirs")
    assert model_choice.evaluations(config) == [("net-s5", "spot")]


def test_what_a_training_depends_on(config):
    assert model_choice.recipe_augmentation(config, "paper") == {"probability": 0.5, "paper": {"turn": 1}}
    assert model_choice.split_name(config, "net-s4") == "split.sun_aligned.tile.csv"
    assert model_choice.split_name(config, "fine-s") == "split.sun_aligned.place.6m.csv"


def test_a_map_says_how_it_was_made(config):
    assert model_choice.map_footer(config, "scene") == (
        "Recipe paper, model net of recipe sun_aligned, isis engine; simulated LROC NAC images"
    )
    assert model_choice.map_footer(config, "spot").endswith("model theirs, isis engine; LROC NAC images: NASA/GSFC/ASU")
    assert model_choice.map_footer(config, "mosaic").endswith("; mosaic theirs.tif")
    producers = {name: model_choice.image_producers(config, name) for name in config["targets"]}
    assert producers == {"spot": ["NASA/GSFC/ASU"], "scene": [], "mosaic": []}


def test_a_model_that_needs_the_sun_cannot_search_a_mosaic(config):
    model_choice.check_mosaic_search(config, "spot")
    with pytest.raises(InputError, match=r"models\.net: was trained for recipe sun_aligned"):
        model_choice.check_mosaic_search(config, "scene")


def test_rows_of_the_comparison(config):
    names = [(row["trained"], row["variant"]) for row in compared_rows(config, "which", "images")]
    assert names == [("net-s1", "alone"), ("net-s2", "alone"), ("theirs", "alone")]
    maps = [row["name"] for row in compared_rows(config, "which", "maps") if row["seed"] == 1]
    assert maps == ["net, one image", "net, fused", "theirs, one image", "theirs, mosaic", "theirs, fused"]
    sun = [(row["name"], row["variant"]) for row in compared_rows(config, "which", "sun") if row["seed"] == 1]
    assert sun == [
        ("net, Sun +0 deg", "alone"),
        ("net, Sun +30 deg", "alone+30"),
        ("net, Sun -30 deg", "alone-30"),
        ("theirs, not Sun-aware", "alone"),
    ]


def test_images_alone_have_a_folder_of_scores():
    row = {"trained": "net-s1", "variant": "alone+30"}
    assert row_scores("results/a", row, ["te"]) == ["results/a/compared/net-s1/te/scores/alone+30"]
    assert row_scores("r", {**row, "variant": "fused"}, ["te"]) == ["r/compared/net-s1/te/scores/fused.json"]
