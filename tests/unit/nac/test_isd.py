"""ISDs read and written."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.nac.camera import camera_from_cube, camera_from_isd, camera_from_kernels
from imfmap.nac.isd import write_isd
from tests.helpers.camera_factory import make_camera
from tests.helpers.generated import examples
from tests.helpers.line_scan_cases import CASES


@pytest.fixture(scope="module", params=CASES)
def camera(request):
    return make_camera(**CASES[request.param])


def test_isd_keeps_the_camera(tmp_path, camera):
    write_isd(camera, tmp_path / "one.json")
    again = camera_from_isd(tmp_path / "one.json")
    line, sample = np.mgrid[1 : camera.lines : 50, 1 : camera.samples : 99]
    np.testing.assert_array_equal(camera.image_to_ground(line, sample), again.image_to_ground(line, sample))
    np.testing.assert_array_equal(camera.angles(line, sample), again.angles(line, sample))
    assert (again.product_id, again.lines, again.samples) == (camera.product_id, camera.lines, camera.samples)
    write_isd(again, tmp_path / "two.json")
    assert (tmp_path / "one.json").read_text() == (tmp_path / "two.json").read_text()


def test_isd_without_kernel_keywords_or_product(tmp_path, camera):
    write_isd(camera, tmp_path / "one.json")
    isd = json.loads((tmp_path / "one.json").read_text())
    del isd["naif_keywords"], isd["image_identifier"]
    (tmp_path / "M1LE.isd.json").write_text(json.dumps(isd))
    again = camera_from_isd(tmp_path / "M1LE.isd.json")
    assert again.product_id == "M1LE"
    assert again.instrument.naif_id == camera.instrument.naif_id
    expected = camera.image_to_ground(50, [1, camera.samples])
    np.testing.assert_allclose(again.image_to_ground(50, [1, camera.samples]), expected, atol=1e-10)


def without(*path):
    def change(isd):
        *parents, key = path
        for parent in parents:
            isd = isd[parent]
        del isd[key]

    return change


def with_value(value, *path):
    def change(isd):
        *parents, key = path
        for parent in parents:
            isd = isd[parent]
        isd[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (with_value("USGS_ASTRO_FRAME_SENSOR_MODEL", "name_model"), "no ISD of a NAC"),
        (with_value({"radial": {"coefficients": [0]}}, "optical_distortion"), "no ISD of a NAC"),
        (with_value(None, "optical_distortion"), "no ISD of a NAC"),
        (without("sun_position"), "has no sun_position"),
        (without("instrument_position", "positions"), "has no positions"),
        (without("line_scan_rate"), "has no line_scan_rate"),
        (with_value([], "line_scan_rate"), "0 line rates"),
        (with_value("much", "starting_ephemeris_time"), "wrong type"),
        (with_value([[1, 2, 3]], "instrument_position", "positions"), "wrong type"),
        (with_value([1, 2], "instrument_pointing"), "wrong type"),
        (with_value({"semimajor": 6371.0, "semiminor": 6371.0, "unit": "km"}, "radii"), "radii 6371"),
        (with_value(40000, "image_lines"), "cover"),
        (with_value(0, "image_samples"), "above zero"),
    ],
)
def test_unfit_isds(tmp_path, change, found):
    write_isd(make_camera(samples=100), tmp_path / "isd.json")
    isd = json.loads((tmp_path / "isd.json").read_text())
    change(isd)
    (tmp_path / "isd.json").write_text(json.dumps(isd))
    with pytest.raises(InputError, match=found) as caught:
        camera_from_isd(tmp_path / "isd.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[1, 2", "[]", "{}", "null"])
def test_what_is_no_isd(tmp_path, text):
    (tmp_path / "isd.json").write_text(text)
    with pytest.raises(InputError, match="isd.json"):
        camera_from_isd(tmp_path / "isd.json")


def test_missing_files(tmp_path):
    for reader in (camera_from_isd, camera_from_cube):
        with pytest.raises(InputError, match="none"):
            reader(tmp_path / "none")
    with pytest.raises(InputError, match="none"):
        camera_from_kernels(tmp_path / "none", [])


@pytest.mark.parametrize("name", ["M900000002LE.json", "M900000001RE.isd.json"])
def test_an_isd_of_another_product_than_its_name_says(tmp_path, name):
    write_isd(make_camera(samples=100, product_id="M900000001LE"), tmp_path / name)
    with pytest.raises(InputError, match=f"{name}: is product M900000001LE, but its name says {name[:12]}"):
        camera_from_isd(tmp_path / name)
    (tmp_path / name).rename(tmp_path / "M900000001L.json")
    assert camera_from_isd(tmp_path / "M900000001L.json").product_id == "M900000001LE"


def test_an_isd_with_a_key_twice_is_refused(tmp_path):
    write_isd(make_camera(samples=100), tmp_path / "isd.json")
    text = (tmp_path / "isd.json").read_text()
    (tmp_path / "isd.json").write_text(text.replace('"image_lines"', '"image_samples"'))
    with pytest.raises(InputError, match="isd.json: has the key 'image_samples' twice in one object"):
        camera_from_isd(tmp_path / "isd.json")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """(path of copies, content) of an ISD."""
    path = tmp_path_factory.mktemp("isd") / "whole.json"
    write_isd(make_camera(lines=20), path)
    return path.with_name("copy.json"), json.loads(path.read_text())


def places(value, above=()):
    """Places of all values of an ISD, of long lists the first two."""
    if above:
        yield above
    parts = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, item in parts:
        yield from places(item, (*above, key))


# Texts of JSON, with numbers that Python reads beyond JSON's own.
VALUES = st.one_of(
    st.sampled_from(["null", "true", "NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400, "[]", "{}", "[[[]]]"]),
    st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.lists(st.floats(), max_size=12)).map(json.dumps),
)


@given(st.data())
@examples(60)
def test_whatever_stands_at_any_place_is_a_camera_or_one_line_that_names_the_file(written, data):
    path, content = written
    place, value = data.draw(st.sampled_from(sorted(places(content), key=str))), data.draw(VALUES)
    changed = json.loads(json.dumps(content))
    with_value("@here", *place)(changed)
    path.write_text(json.dumps(changed).replace('"@here"', value))
    try:
        camera = camera_from_isd(path)
        assert np.isfinite(camera.sun_distance_au) and camera.start_time
    except InputError as error:
        assert str(error).startswith(str(path)) and "\n" not in str(error)


@pytest.mark.parametrize("text", ["", "[]", "1", "null", "[" * 100_000, '{"a":' * 100_000, "{'a': 1}"])
def test_what_is_no_isd_is_told(written, text):
    path, _ = written
    path.write_text(text)
    with pytest.raises(InputError, match="copy.json: (is no ISD|cannot be read as JSON)"):
        camera_from_isd(path)
