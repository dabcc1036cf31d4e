"""A configuration: one clear line for every fault, defaults for the rest."""

import copy
import datetime
import json
import re
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.core.yamlfiles import read_yaml
from imfmap.run.config.complete import complete
from imfmap.run.config.explain import types_of
from imfmap.run.config.fields import Section
from imfmap.run.config.learning import is_sun_aware
from imfmap.run.config.reference import SECTIONS
from tests.helpers.generated import examples

SCENE = {"seed": 1, "images": [{"product": "M1500000000LE", "sun_azimuth_deg": 90, "incidence_deg": 40}]}
BASE = {
    "run": {"name": "test"},
    "models": {"net": {"architecture": "unet"}},
    "targets": {"floor": {"lat": 1.0, "lon": 2.0, "diameter_km": 3.0, "role": "train", "simulate": SCENE}},
}


def changed(path, value):
    config = copy.deepcopy(BASE)
    *parents, last = path
    node = config
    for key in parents:
        node = node.setdefault(key, {})
    node[last] = value
    return config


def test_defaults_are_filled_to_every_depth():
    config = complete(BASE, "x.yaml")
    assert config["processing"]["resolution_m"] == 1.5
    assert config["processing"]["mosaic"]["priority"] == "beneath"
    assert config["labels"]["width_px"]["tiny"] == 2.5
    assert config["targets"]["floor"]["simulate"]["images"][0]["summing"] == 2
    assert config["inference"]["model"] == "net"
    assert "processing" not in BASE, "the caller's dictionary must not change"


@pytest.mark.parametrize("name", ["config.yaml", "demo.yaml"])
def test_shipped_configurations_are_valid(root, name):
    complete(yaml.safe_load((root / "config" / name).read_text()), name)


@pytest.mark.parametrize(("recipe", "model"), [("paper", "imfmapper"), ("sun_aligned", "detector")])
def test_a_recipe_is_one_word_away(root, recipe, model):
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    config = complete({**config, "recipe": recipe}, "config.yaml")
    assert config["inference"]["model"] == model
    assert config["models"][model]["recipe"] == recipe
    # What is the paper's stays the paper's.
    assert {config["models"][name]["recipe"] for name in ("imfmapper", *config["evaluation"]["models"])} == {"paper"}
    assert [is_sun_aware(config["models"][name]) for name in ("imfmapper", "unet_sun")] == [False, True]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("targets", "floor", "lat"), 95, r"targets\.floor\.lat: 95 is out of range; allowed: .*-90.* 90"),
        (
            ("targets", "floor", "latt"),
            5,
            r"targets\.floor: unknown key 'latt' \(did you mean lat\?\); allowed: .*lat, lon",
        ),
        (
            ("targets", "floor"),
            {**BASE["targets"]["floor"], "body": "mercury", "base_map": "wac"},
            r"targets\.floor: has the base map wac and the body mercury; give a raster of that body",
        ),
        (("targets", "floor", "edrs"), ["a.IMG"], r"targets\.floor: has edrs and simulate; give exactly one of search"),
        (("targets", "floor", "role"), "judge", r"'judge' is not allowed; use one of train, validation, test, map"),
        (("targets", "Floor 2"), BASE["targets"]["floor"], r"'Floor 2' has the wrong form"),
        (("processing", "engine"), "vicar", r"processing\.engine: 'vicar' is not allowed; use one of native, isis"),
        (("labels", "width_px"), {"gigantic": 3}, r"labels\.width_px: unknown key 'gigantic'; allowed: tiny, small"),
        (("run", "seed"), "one", r"run\.seed: 'one' is no whole number"),
        (("evaluation", "models"), ["net-s2", "other-s2"], r"evaluation\.models: no model 'other'; models has: net"),
        (("inference", "model"), "other", r"inference\.model: no model 'other'; models has: net"),
        (
            ("comparison", "questions"),
            {"sun": {"title": "The Sun", "models": ["other"]}},
            r"comparison\.questions\.sun\.models: no model 'other'; models has: net",
        ),
        (
            ("comparison", "questions"),
            {"sun": {"title": "The Sun", "models": ["net"], "tables": ["sun"]}},
            r"comparison\.questions\.sun\.tables: the table sun needs sun_offsets_deg",
        ),
        (("models", "net"), {"batch_size": 2}, r"models\.net: has no origin; give exactly one of architecture, checkp"),
        (("models", "net"), {"shipped": "best"}, r"models\.net\.shipped: 'best' is not allowed; use detector"),
        (
            ("models", "net"),
            {"architecture": "unet", "weights": "coco"},
            r"models\.net: weights: there are no COCO weights of unet; use deeplabv3_resnet50",
        ),
        (
            ("models", "net"),
            {"architecture": "unet", "weights": "a.pt", "encoder_weights": "b.pth"},
            r"models\.net: encoder_weights: weights hold an encoder already",
        ),
        (
            ("models", "net"),
            {"architecture": "unet", "encoder": "tu-resnet50", "encoder_weights": "imagenet"},
            r"models\.net: encoder_weights: ImageNet's for tu-resnet50 cannot be fetched; use encoder resnet18",
        ),
        (
            ("models", "net"),
            {"architecture": "deeplabv3_resnet50", "encoder_weights": "imagenet"},
            r"models\.net: encoder_weights: ImageNet's for deeplabv3_resnet50 .*; use weights: coco, or give a file",
        ),
        (
            ("models", "net"),
            {"checkpoint": "a.pt", "encoder_weights": "b.pth"},
            r"models\.net: encoder_weights does nothing without architecture",
        ),
        (
            ("models", "net"),
            {"architecture": "unet", "output_stride": 8},
            r"models\.net: output_stride: unet takes no 8; leave",
        ),
        (
            ("models", "net"),
            {"architecture": "deeplabv3plus", "output_stride": 4},
            r"models\.net: output_stride: deeplabv3plus takes no 4; use one of 8, 16",
        ),
        (
            ("models", "net"),
            {"architecture": "deeplabv3_resnet50", "encoder": "resnet18"},
            r"models\.net: encoder: deeplabv3_resnet50 has its own; leave the key out",
        ),
        (
            ("models", "net"),
            {"architecture": "deeplabv3_resnet50", "batch_size": 1},
            r"models\.net: batch_size: 1 for 1 device; give each at least two tiles",
        ),
        (("training", "devices"), 17, r"models\.net: batch_size: 32 for 17 devices"),
        (
            ("models", "net"),
            {"zenodo": 7, "epochs": 3},
            r"models\.net: epochs does nothing without architecture; leave it out",
        ),
        (
            ("models", "net"),
            {"checkpoint": "a.pt", "sun_input": True},
            r"models\.net: sun_input does nothing without architecture",
        ),
        (("targets",), {}, r"targets: is empty"),
        (("processing", "darks"), "custom", r"custom and dark_file go together; give both"),
        (("processing", "standard_parallel_deg"), 90, r"targets\.floor: standard_parallel_deg: 90 cannot be true"),
        (("processing",), {"engine": "isis", "resampling": "antialiased"}, r"antialiased resampling; use cubic"),
        (("processing",), {"engine": "isis", "shape_model": "a.tif"}, r"use processing\.isis\.shape"),
        (("processing",), {"engine": "isis", "keep_calibrated": True}, r"use isis\.keep_intermediates"),
    ],
)
def test_a_fault_is_said_in_one_line(path, value, said):
    with pytest.raises(InputError) as caught:
        complete(changed(path, value), "x.yaml")
    message = str(caught.value)
    assert message.startswith("x.yaml: ") and "\n" not in message
    assert re.search(said, message), message


def test_a_model_from_elsewhere_takes_what_says_how_it_is_used():
    used = {"checkpoint": "a.pt", "recipe": "paper", "batch_size": 1, "input_scaling": "unit"}
    model = complete(changed(("models", "other"), used), "x.yaml")["models"]["other"]
    assert model["weights"] is None and model["batch_size"] == 1


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("cubes", ["a/M1L.cal.cub", "b/M1L.cub"]),
        ("cubes", ["M1500000000L.a.cub", "M1500000000LE.b.cub"]),
        ("edrs", ["M1500000000LE.IMG", "m1500000000le.img"]),
        ("products", ["M1500000000LE", "M1500000000L"]),
    ],
)
def test_two_names_of_one_product_are_refused(source, names):
    config = changed(("targets", "floor"), {"lat": 1, "lon": 2, "diameter_km": 3, source: names})
    config["models"] = {}
    with pytest.raises(InputError, match="two (files|entries) of one product, M"):
        complete(config, "x.yaml")


def in_other_form(value, draw):
    """Numbers as they may also be written: 18 for 18.0, 18.0 for 18."""
    if isinstance(value, dict):
        return {key: in_other_form(each, draw) for key, each in value.items()}
    if isinstance(value, list):
        return [in_other_form(each, draw) for each in value]
    if isinstance(value, bool) or not isinstance(value, int | float) or not draw(st.booleans()):
        return value
    return float(value) if isinstance(value, int) else int(value) if value.is_integer() else value


@given(st.data())
@examples(20)
def test_the_form_in_which_numbers_are_written_remakes_nothing(root, data):
    """Snakemake compares parameters by their text."""
    config = read_yaml(root / "config" / "demo.yaml")
    assert repr(complete(in_other_form(config, data.draw), "x.yaml")) == repr(complete(config, "x.yaml"))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("processing", "resolution_m"), 1e300, "is smaller than a pixel of 1e\\+300 m"),
        (("targets", "floor", "extent_km"), [1e-9, 1e-9], "is smaller than a pixel"),
        (("acquisition", "timeout_s"), 1e300, "acquisition.timeout_s: 1e\\+300 is out of range"),
        (("acquisition", "backoff_s"), 1e308, "acquisition.backoff_s: 1e\\+308 is out of range"),
        (("acquisition", "mirror"), "http://[::1", "is no address"),
        (("acquisition", "ode_url"), "https://[x]/", "is no address"),
        (("tiles", "size_px"), 2**40, "tiles.size_px: 1099511627776 is out of range"),
    ],
)
def test_what_would_break_a_job_is_refused_at_the_start(path, value, said):
    with pytest.raises(InputError, match=said):
        complete(changed(path, value), "x.yaml")


def test_a_scene_is_checked_before_anything_runs():
    with pytest.raises(InputError, match=r"x\.yaml: targets\.floor\.simulate\.ridges: unknown key"):
        complete(changed(("targets", "floor", "simulate", "ridges"), 3), "x.yaml")
    with pytest.raises(InputError, match=r"targets\.floor\.simulate\.wall_share"):
        complete(changed(("simulation",), {"wall_share": 0.9}), "x.yaml")


def test_the_order_of_keys_changes_nothing():
    turned = {key: BASE[key] for key in reversed(BASE)}
    turned["targets"] = {"floor": {key: BASE["targets"]["floor"][key] for key in reversed(BASE["targets"]["floor"])}}
    assert str(complete(turned, "x.yaml")) == str(complete(BASE, "x.yaml"))


def test_a_target_takes_the_projection_of_processing_unless_it_has_its_own():
    config = changed(("processing",), {"projection": "sinusoidal", "resolution_m": 3})
    config["targets"]["floor"]["resolution_m"] = 6
    target = complete(config, "x.yaml")["targets"]["floor"]
    assert (target["projection"], target["resolution_m"], target["verify_md5"]) == ("sinusoidal", 6, True)


def test_a_shipped_model_is_a_file_of_the_workflow_with_its_own_recipe():
    given = {**BASE, "recipe": "paper", "models": {"ours": {"shipped": "detector"}}}
    model = complete(given, "config.yaml")["models"]["ours"]
    assert model["recipe"] == "sun_aligned"
    assert Path(model["checkpoint"]).is_file() and Path(model["checkpoint"]).name == "detector.pt"


def nested():
    value = []
    for _ in range(400):
        value = [value]
    return value


def endless():
    value = {}
    value["x"] = value
    return value


def aliases(levels=8):
    """What eight levels of nine aliases each stand for: 43 million values in the memory of 80."""
    value = dict.fromkeys("abcdefghi", "x")
    for _ in range(levels):
        value = dict.fromkeys("abcdefghi", value)
    return value


HOSTILE = st.one_of(
    st.sampled_from(
        [None, True, [], {}, "", "~", "$HOME", "a{x}.tif", "my image.IMG", "a\nb", "</script>", "$\\frac$"]
    ),
    st.sampled_from([1.0, 3.0, 64.0, float("nan"), float("inf"), -float("inf"), 10**400, -(10**400), 2**64, 1e-320]),
    st.sampled_from([datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1), b"\xff", {1, 2}, (1, 2), object()]),
    st.integers(),
    st.floats(),
    st.text(),
    st.characters(),
    st.text(min_size=1, max_size=3).map(lambda part: part * 40_000),
    st.lists(st.one_of(st.none(), st.floats(), st.integers(), st.text(max_size=3)), max_size=4),
    st.dictionaries(st.one_of(st.none(), st.integers(), st.text(max_size=9)), st.floats(), max_size=3),
    # Hypothesis shows what it draws, so that these are made afterwards.
    st.sampled_from([endless, aliases, nested]),
)


def written_and_known(root):
    """Places of a configuration: all keys that the smallest run writes, and all that there are."""
    mini = yaml.safe_load((root / "tests" / "workflow" / "mini.yaml").read_text())

    def inside(value, above=()):
        yield above
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in parts:
            yield from inside(item, (*above, key))

    instances = {"models": ("models", "net"), "comparison.questions": ("comparison", "questions", "q")}
    instances |= {
        name: ("targets", "floor", *name.split(".")[1:], *((0,) if name.endswith("images") else ()))
        for name in SECTIONS
        if name.startswith("targets")
    }
    for name, section in SECTIONS.items():
        if issubclass(section, Section) and name != "product table":
            yield from ((*instances.get(name, name.split(".")), key) for key in types_of(section))
    yield from (("simulation", key) for key in ("preset", "albedo", "labels", "images", "depth_to_width", "other"))
    yield from inside(mini)


def put(config, place, value):
    """Put a value at a place of a configuration, with the mappings that lead to it."""
    *above, last = place
    for key in above:
        config = config[key] if isinstance(config, list) else config.setdefault(key, {})
    config[last] = value


@given(st.data())
@examples(60)
def test_whatever_stands_at_any_place_is_taken_or_refused_in_one_line_with_its_key(root, data):
    config = yaml.safe_load((root / "tests" / "workflow" / "mini.yaml").read_text())
    places = sorted({tuple(place) for place in written_and_known(root)} - {()}, key=str)
    place, value = data.draw(st.sampled_from(places)), data.draw(HOSTILE)
    put(config, place, value() if callable(value) else value)
    began = time.process_time()
    try:
        again = complete(config, "mini.yaml")
        json.dumps(again, allow_nan=False)
        assert not isinstance(again.get(place[0]), float)
    except InputError as error:
        said = str(error)
        assert said.startswith("mini.yaml: ") and "\n" not in said and len(said) < 500
        assert any(str(part) in said for part in place), f"{place}: {said}"
    assert time.process_time() - began < 3


@given(st.data())
@examples(20)
def test_a_whole_number_written_with_a_point_is_that_number_or_refused(root, data):
    config = yaml.safe_load((root / "tests" / "workflow" / "mini.yaml").read_text())
    numbers = [place for place in written_and_known(root) if place and type(value_at(config, place)) is int]
    place = data.draw(st.sampled_from(sorted(set(numbers), key=str)))
    whole = complete(config, "mini.yaml")
    put(config, place, float(value_at(config, place)))
    assert complete(config, "mini.yaml") == whole
    assert type(value_at(complete(config, "mini.yaml"), place)) in (int, float)


def value_at(config, place):
    for key in place:
        try:
            config = config[key]
        except (KeyError, IndexError, TypeError):
            return None
    return config
