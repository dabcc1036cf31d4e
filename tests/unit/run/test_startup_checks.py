"""What a run needs and cannot make itself is told before it starts, by the key of the configuration."""

import pytest

from imfmap.core.errors import InputError, SetupError
from imfmap.run.config.complete import complete
from imfmap.run.startup_checks import check, check_isis, named_files, needed_targets

PLACE = {"lat": 1, "lon": 2, "diameter_km": 1}
MODELS = {"mine": {"checkpoint": "mine.pt"}, "new": {"architecture": "unet", "weights": "start.pt"}}
CONFIG = {
    "run": {"name": "r"},
    "models": MODELS,
    "evaluation": {"models": ["new"]},
    "inference": {"model": "mine"},
    "targets": {
        "map_a": {**PLACE, "role": "map", "products": ["M100000001LE"]},
        "map_b": {**PLACE, "role": "map", "products": ["M100000002LE"], "model": "new"},
        "learn": {**PLACE, "role": "train", "products": ["M100000003LE"], "labels": "learn.gpkg"},
        "test": {**PLACE, "role": "test", "products": ["M100000004LE"], "labels": "test.gpkg"},
        "spare": {**PLACE, "products": ["M100000005LE"]},
    },
}


def config_with(**changes):
    """The configuration, with a target's keys or other sections replaced."""
    config = {**CONFIG, "targets": dict(CONFIG["targets"])}
    for key, value in changes.items():
        if key in config["targets"]:
            config["targets"][key] = {**config["targets"][key], **value}
        else:
            config[key] = value
    return complete(config, "a.yaml")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with all files that the configuration names."""
    monkeypatch.chdir(tmp_path)
    for name in ("mine.pt", "start.pt", "learn.gpkg", "test.gpkg"):
        (tmp_path / name).touch()
    return tmp_path


def checked(config, *asked, dry_run=False):
    return check(config, asked, "a.yaml", str, uses_conda=False, dry_run=dry_run)


@pytest.mark.parametrize(
    ("asked", "imaged", "labelled"),
    [
        ((), {"map_a", "map_b", "learn", "test"}, {"learn", "test"}),
        (("all",), {"map_a", "map_b", "learn", "test"}, {"learn", "test"}),
        (("evaluation",), {"learn", "test"}, {"learn", "test"}),
        (("map_a",), {"map_a"}, set()),
        (("map_b",), {"map_b", "learn"}, {"learn"}),
        (("spare",), {"spare"}, set()),
        (("results/r/map_a/mosaic.tif",), {"map_a"}, set()),
        (("results/r/models/new/checkpoint.pt",), {"learn"}, {"learn"}),
        (("results/r/test/labels.tif",), {"test"}, {"test"}),
    ],
)
def test_targets_that_a_command_line_needs(asked, imaged, labelled):
    found = needed_targets(config_with(), asked)
    assert (set(found[0]), set(found[1])) == (imaged, labelled)


def test_a_model_is_calibrated_on_three_places_or_more(folder):
    places = {f"place_{number}": {**CONFIG["targets"]["test"], "role": "validation"} for number in range(3)}
    three = complete({**CONFIG, "targets": CONFIG["targets"] | places}, "a.yaml")
    assert checked(three, "calibration") == []
    imaged, labelled = needed_targets(three, ["calibration"])
    assert set(imaged) == set(labelled) == set(places)
    with pytest.raises(InputError, match="a.yaml: targets: 0 targets of role validation to calibrate on"):
        checked(config_with(), "calibration")
    # A model that is trained here needs its labels, too.
    trained = complete({**CONFIG, "targets": CONFIG["targets"] | places, "inference": {"model": "new"}}, "a.yaml")
    assert set(needed_targets(trained, ["calibration"])[1]) == {*places, "learn"}


def test_nothing_is_missing(folder):
    assert checked(config_with()) == []


def sourced(**source):
    """A target of role map with another source of its pixels."""
    return {name: value for name, value in {**PLACE, "role": "map", **source}.items()}


MISSING = {
    "edrs": ["no/M100000001LE.IMG"],
    "cubes": ["no/M100000001LE.cub"],
    "mosaic": "no.tif",
    "products": "no.csv",
    "search.polygon": {"polygon": "no.gpkg"},
}


@pytest.mark.parametrize("key", MISSING)
def test_a_missing_file_of_a_target_is_told_by_its_key(folder, key):
    source = key.split(".")[0]
    config = {**CONFIG, "recipe": "paper", "targets": {**CONFIG["targets"], "map_a": sourced(**{source: MISSING[key]})}}
    config["models"] = {"mine": {"checkpoint": "mine.pt", "recipe": "paper"}}
    config["evaluation"] = {}
    config["targets"] = {name: config["targets"][name] for name in ("map_a", "spare")}
    completed = complete(config, "a.yaml")
    for dry_run in (True, False):
        with pytest.raises(InputError, match=rf"a.yaml: targets.map_a.{key}: there is no file no.*; check the path"):
            checked(completed, "map_a", dry_run=dry_run)
    assert checked(completed, "spare") == [], "a target that is not asked for may lack its files"


@pytest.mark.parametrize("key", ["boundary", "base_map"])
def test_files_beside_the_images_count_too(folder, key):
    with pytest.raises(InputError, match=rf"targets.map_a.{key}: there is no file no.gpkg"):
        checked(config_with(map_a={key: "no.gpkg"}), "map_a")
    assert checked(config_with(map_a={"base_map": "wac"}), "map_a") == [], "it is fetched"


def test_a_missing_model_file_is_told_if_the_model_is_used(folder):
    (folder / "mine.pt").unlink()
    with pytest.raises(InputError, match="a.yaml: models.mine.checkpoint: there is no file mine.pt; check the path"):
        checked(config_with(), "map_a")
    assert checked(config_with(), "evaluation") == []
    (folder / "start.pt").unlink()
    with pytest.raises(InputError, match="models.new.weights: there is no file start.pt"):
        checked(config_with(), "map_b")
    with pytest.raises(InputError, match=r"1 more of the configuration's files"):
        checked(config_with())


@pytest.mark.parametrize(
    "asked",
    [
        "comparison",
        "comparison_one",
        "results/r/comparison/one/images.md",
        "results/r/models/new-s3/checkpoint.pt",
        "evaluation",
        "coarse",
    ],
)
def test_the_weights_of_every_model_that_is_asked_for_are_looked_for(folder, asked):
    question = {"title": "One", "models": ["new"]}
    config = config_with(
        comparison={"questions": {"one": question}},
        evaluation={"models": ["new-s3"]},
        models={**MODELS, "new6": {"architecture": "unet", "weights": "start.pt", "resolution_m": 6}},
        coarse={"resolution_m": 6, "model": "new6"},
    )
    assert checked(config, asked) == []
    (folder / "start.pt").unlink()
    with pytest.raises(InputError, match=r"models\.new6?\.weights: there is no file start.pt"):
        checked(config, asked)
    (folder / "start.pt").touch()
    (folder / "learn.gpkg").unlink()
    with pytest.raises(InputError, match="label file is still to be drawn: learn.gpkg"):
        checked(config, asked)


def test_another_question_needs_no_weights_of_this_one(folder):
    (folder / "start.pt").unlink()
    questions = {name: {"title": name, "models": [model]} for name, model in (("one", "new"), ("two", "mine"))}
    config = config_with(comparison={"questions": questions})
    assert checked(config, "comparison_two") == []


def test_weights_that_are_fetched_need_no_file(folder):
    models = {"mine": {"zenodo": 7}, "new": {"architecture": "deeplabv3_resnet50", "weights": "coco"}}
    assert checked(config_with(models=models)) == []


@pytest.mark.parametrize("key", ["photometry", "shape_model", "calibration_dir"])
def test_a_missing_file_of_the_processing_is_told(folder, key):
    with pytest.raises(InputError, match=f"processing.{key}: there is no file no"):
        checked(config_with(processing={key: "no"}), "map_a")


def test_the_files_that_a_run_reads_are_named():
    """Of what is asked for: images with their cameras, models, processing, labels."""
    images = {"edrs": ["a/M100000001LE.IMG"], "boundary": "floor.gpkg", "base_map": "wac.tif"}
    targets = {
        "map_a": {**PLACE, "role": "map", **images},
        "learn": {**PLACE, "role": "train", "products": "table.csv", "labels": "learn.gpkg"},
    }
    processing = {"calibration_dir": "calibration", "photometry": "pho.pvl"}
    config = complete({**CONFIG, "processing": processing, "targets": targets}, "a.yaml")
    of_map = {"a/M100000001LE.IMG", "a/M100000001LE.json", "floor.gpkg", "wac.tif", "calibration", "pho.pvl"}
    assert set(named_files(config, ["map_a"], str)) == of_map | {"mine.pt"}
    assert set(named_files(config, [], str)) == of_map | {"mine.pt", "start.pt", "table.csv", "learn.gpkg"}


def test_labels_to_draw_stop_a_run_and_are_told_by_a_dry_run(folder):
    (folder / "test.gpkg").unlink()
    line = "1 label file is still to be drawn: test.gpkg; draw them in QGIS (config/README.md, Labels), or ask for "
    assert checked(config_with(), dry_run=True) == [f"{line}maps that need none: snakemake map_a"]
    with pytest.raises(InputError) as stopped:
        checked(config_with())
    assert str(stopped.value).startswith(f"a.yaml: {line}")
    assert checked(config_with(), "map_a") == checked(config_with(), "map_b") == []
    (folder / "learn.gpkg").unlink()
    with pytest.raises(InputError, match="1 label file is still to be drawn: learn.gpkg"):
        checked(config_with(), "map_b")
    (line,) = checked(config_with(), dry_run=True)
    assert line.startswith("2 label files are still to be drawn: learn.gpkg, test.gpkg")


def test_isis_has_to_be_there_unless_conda_brings_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    config = config_with(processing={"engine": "isis"})
    with pytest.raises(SetupError, match="processing.engine: isis: there is no program lronac2isis on the PATH; add"):
        check_isis(config, uses_conda=False)
    check_isis(config, uses_conda=True)
    check_isis(config_with(), uses_conda=False)
    program = tmp_path / "isis" / "bin" / "lronac2isis"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    check_isis(config_with(processing={"engine": "isis", "isis": {"root": str(tmp_path / "isis")}}), uses_conda=False)


@pytest.mark.parametrize("dry_run", [True, False])
def test_edits_that_are_not_in_their_file_yet_are_told(folder, dry_run):
    (folder / "test.gpkg-wal").write_bytes(b"pages")
    (folder / "learn.gpkg-wal").touch()
    (line,) = checked(config_with(), dry_run=dry_run)
    assert line.startswith("test.gpkg-wal: holds edits that are not in test.gpkg yet; they count; close it in QGIS")
    assert checked(config_with(), "map_a", dry_run=dry_run) == []
