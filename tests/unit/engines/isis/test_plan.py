"""Every command of a run is checked before the run starts."""

from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.engines.isis.interface import interface
from imfmap.engines.isis.plan import check_config, commands_of
from imfmap.maps.bodies import PROJECTIONS
from imfmap.run.config.complete import complete
from imfmap.run.config.explain import types_of
from imfmap.run.config.fields import Section
from imfmap.run.config.images import Isis, Mosaic, Processing
from tests.isis_standins import NAMES


def values(annotation):
    """Strategy of the values that a key's type takes; text is left to the test."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is bool:
        return st.booleans()
    if annotation is NoneType:
        return st.none()
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, inner))
    limits = {type(limit).__name__: limit for field in inner[1:] for limit in getattr(field, "metadata", ())}
    least = limits["Ge"].ge if "Ge" in limits else 0.25
    most = limits["Le"].le if "Le" in limits else 100
    if inner[0] is int:
        return st.integers(int(least), 1000)
    return st.floats(least, most) if inner[0] is float else st.nothing()


def group(section, **chosen):
    """Strategy of a section of the config: each of its keys, or what is chosen here."""
    types = types_of(section).items()
    keys = {key: values(kind) for key, kind in types if not (isinstance(kind, type) and issubclass(kind, Section))}
    return st.fixed_dictionaries({**keys, **chosen})


@st.composite
def targets(draw):
    """A target anywhere, in any projection."""
    projection = draw(st.sampled_from(PROJECTIONS))
    reach = {"polar_stereographic": 90.0, "orthographic": 90.0}.get(projection, 84.0)
    lat = draw(st.floats(-reach, reach))
    target = {"lat": lat, "lon": draw(st.floats(-180, 360)), "diameter_km": draw(st.floats(0.5, 3)), "role": "map"}
    target |= {"projection": projection, "resolution_m": draw(st.floats(5, 20)), "products": ["M1500000000LE"]}
    if projection == "equirectangular":
        target["standard_parallel_deg"] = draw(st.none() | st.floats(-80, 80))
    return target


@st.composite
def configs(draw, path):
    """Any configuration that its models and checks take."""
    isis = draw(group(Isis, web_url=st.just("https://example.org/x"), root=st.none(), data=st.none()))
    isis["shape_model"] = path if isis["shape"] == "user" else None
    processing = draw(
        group(
            Processing,
            engine=st.just("isis"),
            resampling=st.sampled_from(["nearest", "bilinear", "cubic"]),
            standard_parallel_deg=st.none(),
            calibration_dir=st.none(),
            shape_model=st.none(),
            keep_calibrated=st.just(False),
            mosaic=group(Mosaic),
            isis=st.just(isis),
            photometry=st.none() | st.just(path),
        )
    )
    processing["dark_file"] = path if processing["darks"] == "custom" else None
    return {"run": {"name": "any"}, "processing": processing, "targets": {"crater": draw(targets())}}


@pytest.fixture(scope="module")
def existing(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "file.cub"
    path.write_text("Object = IsisCube\nEnd_Object\nObject = Table\n  Name = ShapeModelStatistics\nEnd_Object\nEnd\n")
    return str(path)


def test_every_command_of_any_configuration_is_one_that_isis_takes(existing):
    seen = set()

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(configs(existing))
    def check(config):
        completed = complete(config, "any.yaml")
        check_config(completed)
        for command in commands_of(completed):
            command.check()
            seen.add(command.program)

    check()
    assert seen == set(interface()) == set(NAMES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"isis": {"shape": "user"}}, "processing.isis.shape_model: is not set, shape: user needs it"),
        ({"photometry": "missing.pvl"}, "processing.photometry: there is no file missing.pvl"),
        ({"isis": {"data": "/no/such/folder"}}, "processing.isis.data: there is no folder /no/such/folder"),
    ],
)
def test_settings_that_isis_could_not_run_with_stop_at_once(change, said):
    target = {"lat": 1, "lon": 2, "diameter_km": 1, "products": ["M1500000000LE"]}
    config = {"run": {"name": "a"}, "processing": {"engine": "isis", **change}, "targets": {"crater": target}}
    with pytest.raises(InputError, match=said):
        check_config(complete(config, "a.yaml"))


@pytest.mark.parametrize("key", ["root", "data"])
def test_a_folder_of_isis_with_a_plus_sign_stops_at_once(tmp_path, key):
    (tmp_path / "a b").mkdir()
    (tmp_path / "a+b").mkdir()
    target = {"lat": 1, "lon": 2, "diameter_km": 1, "products": ["M1500000000LE"], "role": "map"}
    config = {"run": {"name": "a"}, "targets": {"crater": target}}
    config["processing"] = {"engine": "isis", "isis": {key: str(tmp_path / "a b")}}
    check_config(complete(config, "a.yaml"))
    config["processing"] = {"engine": "isis", "isis": {key: str(tmp_path / "a+b")}}
    with pytest.raises(InputError, match=f"processing.isis.{key}: ISIS would misread the name"):
        check_config(complete(config, "a.yaml"))


@pytest.mark.parametrize("folder", ["week+1", "my week", "week,1", "(week)"])
@pytest.mark.parametrize(("key", "suffix"), [("edrs", "IMG"), ("cubes", "cub")])
def test_images_may_lie_in_folders_that_isis_would_misread(key, suffix, folder):
    """They are linked when the programs run."""
    target = {"lat": 1, "lon": 2, "diameter_km": 1, key: [f"{folder}/M1500000000LE.{suffix}"], "role": "map"}
    config = {"run": {"name": "a"}, "processing": {"engine": "isis"}, "targets": {"crater": target}}
    check_config(complete(config, "a.yaml"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("moon+x.cub", "ISIS would misread the name .*moon[+]x.cub.*name a link to it"),
        ("my moon.cub", "ISIS would misread the name"),
        ("moon.tif", "moon.tif is no ISIS cube.*gdal_translate"),
    ],
)
def test_a_shape_model_that_isis_could_not_take_stops_at_once(tmp_path, name, said):
    (tmp_path / name).write_bytes(b"II*" + bytes(100))
    target = {"lat": 1, "lon": 2, "diameter_km": 1, "products": ["M1500000000LE"], "role": "map"}
    isis = {"shape": "user", "shape_model": str(tmp_path / name)}
    config = {"run": {"name": "a"}, "processing": {"engine": "isis", "isis": isis}, "targets": {"crater": target}}
    with pytest.raises(InputError, match=f"processing.isis.shape_model: .*{said}"):
        check_config(complete(config, "a.yaml"))
