"""Bad configurations, and the exact line that each gets."""

import copy

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.run.config.complete import complete, overridden
from imfmap.run.config.explain import value_in_words

GOOD = yaml.safe_load("""
run: {name: test}
models: {net: {architecture: unet}}
comparison: {questions: {sun: {title: The Sun, models: [net]}}}
targets:
  floor:
    {lat: 1.0, lon: 2.0, diameter_km: 3.0, role: train,
     simulate: {seed: 1, images: [{product: M1500000000LE, sun_azimuth_deg: 90, incidence_deg: 40}]}}
  crookes: {lat: -10.4, lon: 165, diameter_km: 48, search: {max_images: 3, dates: [2010-01-01, 2011-01-01]}}
  ohm: {lat: 17, lon: 113, diameter_km: 48, products: [M150000000LE]}
""")


def refusal(text):
    """The line that a change of the good configuration gets."""
    with pytest.raises(InputError) as caught:
        complete(overridden(GOOD, yaml.safe_load(text)), "x.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("acquisition: {retry: 3}", "acquisition: unknown key 'retry' (did you mean retries?); allowed: ode_url, "
         "zenodo_url, wac_url, mirror, isisdata, isisdata_url, connections, timeout_s, retries, backoff_s, "
         "max_images, min_gain, max_age_days"),
        ("coarse: {resolution: 6}", "coarse: unknown key 'resolution' (did you mean resolution_m?); allowed: "
         "resolution_m, model"),
        ("processing: {resolution_m: '2'}", "processing.resolution_m: '2' is no number; write 2 without quotes (a "
         "number, above 0)"),
        ("processing: {resolution_m: 1e-1}", "processing.resolution_m: '1e-1' is no number; write 1.0e-1 without "
         "quotes (a number, above 0)"),
        ("coarse: {resolution_m: 2.5e1}", "coarse.resolution_m: '2.5e1' is no number; write 2.5e+1 without quotes (a "
         "number, above 0)"),
        ("training: {compile: 'yes'}", "training.compile: 'yes' is neither true nor false; give true or false"),
        ("acquisition: {ode_url: 3}", "acquisition.ode_url: 3 is no address; give an address"),
        ("acquisition: {ode_url: oderest.rsl.wustl.edu}", "acquisition.ode_url: 'oderest.rsl.wustl.edu' is no address "
         "of http, https or file; write it as https://example.org/path"),
        ("targets: {crookes: {search: {incidence_deg: [60, 30]}}}", "targets.crookes.search.incidence_deg: 60 is above "
         "30; write the lower number first"),
        ("augmentation: {sun_aligned: {jpeg_quality: [50, 96]}}", "augmentation.sun_aligned.jpeg_quality.1: 96 is out "
         "of range; allowed: at least 1 and at most 95"),
        ("mapping: {threshold: 0.5, hysteresis: 0.6}", "mapping.hysteresis: 0.6 is above mapping.threshold, 0.5; give "
         "a lower hysteresis, or leave it out"),
        ("targets: {crookes: {products: [M150000000LE]}}", "targets.crookes: has search and products; give exactly one "
         "of search, products, edrs, cubes, projected, mosaic, simulate"),
        ("processing: {resolution_m: .nan}", "processing.resolution_m: .nan is no number; give a number, above 0"),
        ("processing: {resolution_m: .inf}", "processing.resolution_m: .inf is no number; give a number, above 0"),
        ("processing: {resolution_m: true}", "processing.resolution_m: true is no number; give a number, above 0"),
        ("processing: {engine: Native}", "processing.engine: 'Native' is not allowed (did you mean native?); use "
         "one of native, isis"),
        ("run: {seed: 1.5}", "run.seed: 1.5 is no whole number; give a whole number, at least 0"),
        ("run: {name: 2024}", "run.name: 2024 is no name; put it in quotes: '2024'"),
        ("run: {name: a b}", "run.name: 'a b' has the wrong form; give a name, of letters, digits, _ and -, at most"
         " 80"),
        ("training: {devices: 0}", "training.devices: 0 is not allowed; use a whole number, at least 1, or auto"),
        ("tiles: {size_px: 100}", "tiles.size_px: 100 is out of range; "
         "allowed: at least 32 and at most 8192 and a multiple of 32"),
        ("targets: {crookes: {search: {max_images: 0}}}", "targets.crookes.search.max_images: 0 is out of range; "
         "allowed: at least 1 and at most 1000"),
        ("targets: {crookes: {search: {dates: [2010-01-01, soon]}}}", "targets.crookes.search.dates.1: 'soon' is no "
         "day; write it as 2010-01-31"),
        ("targets: {crookes: {extent_km: [1]}}", "targets.crookes.extent_km: [1] is no list of two; give a list of "
         "two, each a number, above 0"),
        ("targets: {ohm: {products: [M150000000LE, 7]}}", "targets.ohm.products.1: 7 is no product id; put it in "
         "quotes: '7'"),
        ("targets: {ohm: {products: 7}}", "targets.ohm.products: 7 is not allowed; use a list of at least 1, each a "
         "product id, such as M143947267LE, or a path"),
        ("targets: {floor: {lat: 95}}", "targets.floor.lat: 95 is out of range; allowed: at least -90 and at most 90"),
        ("targets: {Floor: 1}", "targets: the name 'Floor' has the wrong form; give a name, of small letters, digits "
         "and _, a letter first, at most 80"),
        ("comparison: {questions: {sun: {title: null}}}", "comparison.questions.sun.title: is missing; give text, of "
         "at most 120 characters"),
        ("simulation: {wall_azimuth_deg: .nan}", "targets.floor.simulate.wall_azimuth_deg: 'nan' is no number; give a "
         "number"),
    ],
)  # fmt: skip
def test_the_line_says_key_value_and_what_is_allowed(text, line):
    assert refusal(text) == f"x.yaml: {line}"


@pytest.mark.parametrize("length", [10, 50, 100])
@pytest.mark.parametrize("section", ["acquisition: {backoff_s: %s}", "acquisition: {%s: 1}"])
def test_a_text_of_signs_that_cannot_be_printed_is_told_in_a_short_line(section, length):
    assert len(refusal(section % ('"' + "\\U00018cd6" * length + '"'))) < 400


@pytest.mark.parametrize("key", ["123", "null", "no", "1.5", "2010-01-01"])
def test_a_name_that_yaml_reads_as_something_else_is_to_be_quoted_or_renamed(key):
    config = overridden(GOOD, {})
    config["targets"] = {**GOOD["targets"], **yaml.safe_load(f"{key}: {{lat: 1}}")}
    with pytest.raises(
        InputError, match=r"^x\.yaml: targets: the name \S+ (is not text|.*wrong form); .*quote or rename"
    ):
        complete(config, "x.yaml")


@given(
    place=st.sampled_from([(), ("run",), ("processing", "isis"), ("targets",), ("targets", "floor"), ("models",)]),
    key=st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.tuples(st.integers()),
)
def test_a_key_that_is_no_text_is_told_as_yaml_writes_it(place, key):
    config = copy.deepcopy(GOOD)
    holder = config
    for part in place:
        holder = holder.setdefault(part, {})
    holder[key] = {}
    with pytest.raises(InputError) as caught:
        complete(config, "x.yaml")
    where = ".".join(place) or "(top level)"
    assert str(caught.value).startswith(f"x.yaml: {where}: the name {value_in_words(key)} is not text; YAML reads ")


@pytest.mark.parametrize("section", ["processing", "targets", "models", "training", "inference"])
def test_a_section_without_a_value_is_told(section):
    with pytest.raises(InputError, match=rf"x\.yaml: {section}: has no value; give a mapping of keys to values"):
        complete({**GOOD, section: None}, "x.yaml")


@pytest.mark.parametrize("config", [None, [], "text", 3])
def test_a_file_without_keys_is_told(config):
    with pytest.raises(InputError, match=r"x\.yaml: has no keys"):
        complete(config, "x.yaml")


def places(config, above=()):
    """Paths to everything in a configuration."""
    for key, value in config.items() if isinstance(config, dict) else enumerate(config):
        yield (*above, key)
        if isinstance(value, dict | list):
            yield from places(value, (*above, key))


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-500, 500), st.floats(), st.text(max_size=5), st.dates(),
    st.sampled_from(["auto", "none", "paper", "sun_aligned", "net", "1e-4", "7", "imagenet", "coco", "M150000000LE"]),
)  # fmt: skip
KEYS = st.one_of(st.none(), st.integers(), st.booleans(), st.floats(), st.text(max_size=5))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=4
)


# The whole tree of keys, so that every section is reached.
COMPLETE = {
    **complete(GOOD, "x.yaml"),
    "small": {"run": {"name": "small"}},
    "simulation": {"labels": {"missed_share": 0.1}, "depth_to_width": [0.1, 0.3], "preset": "melt_floor"},
}


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(sorted(places(COMPLETE), key=str)), key=KEYS, value=VALUES, renamed=st.booleans())
def test_any_change_of_one_key_is_taken_or_refused_in_one_line(path, key, value, renamed):
    config = copy.deepcopy(COMPLETE)
    holder = config
    for part in path[:-1]:
        holder = holder[part]
    if renamed and isinstance(holder, dict):
        holder[key] = holder.pop(path[-1])
    else:
        holder[path[-1]] = value
    try:
        completed = complete(config, "x.yaml")
    except InputError as error:
        said = str(error)
        assert said.startswith("x.yaml") and "\n" not in said
        assert not {"pydantic", "Traceback", "validat", "Annotated"} & set(said.split()), said
    else:
        # What is complete stays as it is; coarser targets are added anew.
        named = {name: target for name, target in completed["targets"].items() if "coarse_of" not in target}
        assert repr(complete({**completed, "targets": named}, "x.yaml")) == repr(completed)
