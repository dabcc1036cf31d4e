"""Every command of a run is checked before the run starts."""

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.engines.isis.interface import interface
from imfmap.engines.isis.plan import check_config, commands_of
from imfmap.run import settings
from tests.isis_standins import NAMES

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text())["$defs"]


def values(schema):
    """Strategy of the values that a key's schema takes; paths are left to the test."""
    if "$ref" in schema:
        schema = SCHEMA[schema["$ref"].split("/")[-1]] | schema
    if "anyOf" in schema:
        return st.one_of(*map(values, schema["anyOf"]))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "boolean":
        return st.booleans()
    if kind == "integer":
        return st.integers(schema.get("minimum", 1), 1000)
    if kind == "number":
        return st.floats(schema.get("minimum", 0.25), schema.get("maximum", 100.0))
    return st.just(schema["default"]) if "default" in schema else st.none()


def group(name, **chosen):
    """Strategy of a group of the config: each key of its schema, or what is chosen here."""
    keys = {key: values(schema) for key, schema in SCHEMA[name]["properties"].items() if "properties" not in schema}
    return st.fixed_dictionaries({**keys, **chosen})


@st.composite
def targets(draw):
    """A target anywhere, in any projection."""
    projection = draw(values(SCHEMA["processing"]["properties"]["projection"]))
    reach = {"polar_stereographic": 90.0, "orthographic": 90.0}.get(projection, 84.0)
    lat = draw(st.floats(-reach, reach))
    target = {"lat": lat, "lon": draw(st.floats(-180, 360)), "diameter_km": draw(st.floats(0.5, 3)), "role": "map"}
    target |= {"projection": projection, "resolution_m": draw(st.floats(5, 20)), "products": ["M1500000000LE"]}
    if projection == "equirectangular":
        target["standard_parallel_deg"] = draw(st.none() | st.floats(-80, 80))
    return target


@st.composite
def configs(draw, path):
    """Any configuration that the schema and the settings' own checks take."""
    isis = draw(group("isis", web_url=st.just("https://example.org/x"), root=st.none(), data=st.none()))
    isis["shape_model"] = path if isis["shape"] == "user" else None
    processing = draw(
        group(
            "processing",
            engine=st.just("isis"),
            resampling=st.sampled_from(["nearest", "bilinear", "cubic"]),
            standard_parallel_deg=st.none(),
            calibration_dir=st.none(),
            shape_model=st.none(),
            keep_calibrated=st.just(False),
            mosaic=group("mosaic"),
            isis=st.just(isis),
            photometry=st.none() | st.just(path),
        )
    )
    processing["dark_file"] = path if processing["darks"] == "custom" else None
    return {"run": {"name": "any"}, "processing": processing, "targets": {"crater": draw(targets())}}


@pytest.fixture(scope="module")
def existing(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "file.pvl"
    path.write_text("")
    return str(path)


def test_every_command_of_any_configuration_is_one_that_isis_takes(existing):
    seen = set()

    @hypothesis_settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(configs(existing))
    def check(config):
        complete = settings.complete(config, "any.yaml")
        check_config(complete)
        for command in commands_of(complete):
            command.check()
            seen.add(command.program)

    check()
    assert seen == set(interface()) == set(NAMES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"isis": {"shape": "user"}}, "processing.isis.shape_model: is not set, shape: user asks for it"),
        ({"photometry": "missing.pvl"}, "processing.photometry: there is no file missing.pvl"),
        ({"isis": {"data": "/no/such/folder"}}, "processing.isis.data: there is no folder /no/such/folder"),
    ],
)
def test_settings_that_isis_could_not_run_with_stop_at_once(change, said):
    target = {"lat": 1, "lon": 2, "diameter_km": 1, "products": ["M1500000000LE"]}
    config = {"run": {"name": "a"}, "processing": {"engine": "isis", **change}, "targets": {"crater": target}}
    with pytest.raises(InputError, match=said):
        check_config(settings.complete(config, "a.yaml"))


def test_an_edr_that_isis_would_read_as_something_else_stops_at_once():
    target = {"lat": 1, "lon": 2, "diameter_km": 1, "edrs": ["week+1/M1500000000LE.IMG"], "role": "map"}
    config = {"run": {"name": "a"}, "processing": {"engine": "isis"}, "targets": {"crater": target}}
    check_config(settings.complete(config, "a.yaml"))  # lronac2isis reads a file, to which + means nothing
    config["targets"]["crater"] = {**target, "cubes": ["week+1/M1500000000LE.cub"]}
    del config["targets"]["crater"]["edrs"]
    with pytest.raises(InputError, match=r"lronaccal: from: is 'week\+1/M1500000000LE.cub'; ISIS takes '\+'"):
        check_config(settings.complete(config, "a.yaml"))
