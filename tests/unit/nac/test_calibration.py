"""Calibration against a plain transcription of lronaccal and lronacecho, on what the real crops do not cover."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.maps.pvl import read_pvl
from imfmap.maps.sun_distance import sun_moon_distance_au
from imfmap.nac.calibration import Calibration, calibrate, remove_echo
from imfmap.nac.calibration_files import CalibrationFiles, read_column_cube
from tests.helpers.nac_samples import (
    DAY_S,
    EXPOSURE_MS,
    MASKED,
    RESPONSIVITY,
    START,
    START_S,
    CalibrationSet,
    write_column_cube,
)

AU = 0.98


def image(camera="left", summing=1, top=900.0, exposure_code=3, seed=0):
    """What calibration needs of an EDR, with random counts."""
    samples = 5064 // summing
    counts = np.random.default_rng(seed).uniform(20, top, (3, samples)).astype(np.float32)
    label = SimpleNamespace(
        product_id="M900000001LE",
        camera=camera,
        prefix="NACL" if camera == "left" else "NACR",
        samples=samples,
        lines=3,
        summing=summing,
        exposure_ms=EXPOSURE_MS,
        exposure_code=exposure_code,
        start_time=START,
    )
    return SimpleNamespace(image=counts, label=label, max_count=float(counts.max()))


def lronaccal_line(line, made, label, dark, spoilt, iof=True):
    """lronaccal on one line, step by step and pixel by pixel, from lronaccal.cpp."""
    line = [float(value) for value in line]
    numbers = 8 // label.summing
    cutoff = 5064 // (2 * label.summing)
    left, right = [[] for _ in range(numbers)], [[] for _ in range(numbers)]
    for column in MASKED[label.summing]:
        is_left = column < cutoff if label.camera == "left" else column > cutoff
        (left if is_left else right)[column % numbers].append(column)
    mean = lambda columns: sum(line[column] for column in columns) / len(columns)  # noqa: E731
    means = [(mean(left[k]), mean(right[k])) for k in range(numbers)]
    places = [(sum(left[k]) // len(left[k]), sum(right[k]) // len(right[k])) for k in range(numbers)]
    out = []
    for i, value in enumerate(line):
        (at_left, at_right), (place_left, place_right) = means[i % numbers], places[i % numbers]
        if spoilt:
            value -= at_left
        else:
            value -= (at_left * (place_right - i) + at_right * (i - place_left)) / (place_right - place_left)
        value -= dark[i]
        value += float(made.offsets[i])
        if value < 600:
            rows = made.coefficients[label.summing * i : label.summing * (i + 1)]
            value -= sum(1 / (c0 * math.pow(c1, value) + c2) for c0, c1, c2 in rows) / label.summing
        value /= float(made.flat[i])
        value /= label.exposure_ms
        side = "LEFT" if label.camera == "left" else "RIGHT"
        out.append(value * AU**2 / RESPONSIVITY[f"IOF_{side}"] if iof else value / RESPONSIVITY[f"Radiance_{side}"])
    return out


@pytest.mark.parametrize("camera", ["left", "right"])
@pytest.mark.parametrize("summing", [1, 2])
@pytest.mark.parametrize("top", [900.0, 1500.0])
def test_all_steps_of_both_cameras_summings_and_mask_rules(tmp_path, camera, summing, top):
    made = CalibrationSet(tmp_path, camera, summing)
    edr = image(camera, summing, top)
    early, late = (made.darks[time_s] for time_s in sorted(made.darks))
    dark = early * 20 / 30 + late * 10 / 30
    expected = [lronaccal_line(line, made, edr.label, dark, spoilt=top > 1000) for line in edr.image]
    result = calibrate(edr, tmp_path, sun_distance_au=AU)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-9)


def test_radiance(tmp_path):
    made, edr = CalibrationSet(tmp_path, "right"), image("right")
    dark = made.darks[START_S - 10 * DAY_S]
    expected = [lronaccal_line(line, made, edr.label, dark, spoilt=False, iof=False) for line in edr.image]
    np.testing.assert_allclose(calibrate(edr, tmp_path, darks="nearest", radiometry="radiance"), expected, rtol=1e-5)


def test_each_step_can_be_switched_off(tmp_path):
    made, edr = CalibrationSet(tmp_path), image()
    off = {"masked": False, "dark": False, "nonlinearity": False, "flat": False, "radiometry": None}
    np.testing.assert_array_equal(calibrate(edr, tmp_path / "none", **off), edr.image)
    dark_only = calibrate(edr, tmp_path, **{**off, "dark": True}, darks="nearest")
    np.testing.assert_allclose(dark_only, edr.image - made.darks[START_S - 10 * DAY_S], rtol=1e-5)
    flat_only = calibrate(edr, tmp_path, **{**off, "flat": True})
    np.testing.assert_allclose(flat_only, edr.image / made.flat, rtol=1e-6)
    iof_only = calibrate(edr, tmp_path, **{**off, "radiometry": "iof"}, sun_distance_au=AU)
    np.testing.assert_allclose(iof_only, edr.image / EXPOSURE_MS * AU**2 / 15869.0, rtol=1e-6)


def test_blocks_of_lines_give_what_the_whole_gives(tmp_path):
    CalibrationSet(tmp_path)
    edr = image()
    calibration = Calibration.for_edr(edr, tmp_path, sun_distance_au=AU)
    blocks = [calibration.apply(edr.image[:1]), calibration.apply(edr.image[1:])]
    np.testing.assert_array_equal(np.vstack(blocks), calibrate(edr, tmp_path, sun_distance_au=AU))


OFF = {"masked": False, "nonlinearity": False, "flat": False, "radiometry": None}


def dark_used(edr, directory, **options):
    """The dark that calibration subtracts."""
    return edr.image[0] - calibrate(edr, directory, **OFF, **options)[0]


@pytest.mark.parametrize(
    ("days", "chosen"),
    [
        ((-30, -10, 5, 15), (-10, 5)),  # the nearest of each side, not the two nearest
        ((-10, -20), (-10,)),  # nothing after: the nearest
        ((7, 3, 40), (3,)),  # nothing before
        ((0, 10), (0,)),  # one at the very time
        ((-20, 25), (-20, 25)),  # 45 days apart
    ],
)
def test_pair_of_darks(tmp_path, days, chosen):
    made, edr = CalibrationSet(tmp_path, darks_days=days), image()
    darks = [made.darks[START_S + day * DAY_S] for day in chosen]
    weight = chosen[1] / (chosen[1] - chosen[0]) if len(chosen) == 2 else 1.0
    expected = weight * darks[0] + (1 - weight) * darks[-1]
    np.testing.assert_allclose(dark_used(edr, tmp_path), expected, atol=1e-4)


def test_pair_of_darks_too_far_apart(tmp_path):
    CalibrationSet(tmp_path, darks_days=(-20, 26))
    with pytest.raises(InputError, match="more than 45 days apart.*darks: nearest"):
        calibrate(image(), tmp_path)
    calibrate(image(), tmp_path, darks="nearest")


def test_highest_version_of_a_dark_counts(tmp_path):
    made = CalibrationSet(tmp_path, darks_days=(-1,))
    made.add_dark(START_S - DAY_S, np.full(5064, 7.0), version=12)
    made.add_dark(START_S - DAY_S, np.full(5064, 9.0), version=3)
    np.testing.assert_allclose(dark_used(image(), tmp_path), 7.0, atol=1e-4)


def test_exposure_code_zero_takes_darks_of_its_own(tmp_path):
    CalibrationSet(tmp_path, darks_days=(-1,))
    CalibrationSet(tmp_path, darks_days=(), exp0=True).add_dark(START_S - 5 * DAY_S, np.full(5064, 3.0))
    np.testing.assert_allclose(dark_used(image(exposure_code=0), tmp_path), 3.0, atol=1e-4)
    assert CalibrationFiles(tmp_path, "NACL", False).dark_times(exp0=False) == [START_S - DAY_S]


def test_custom_dark(tmp_path):
    write_column_cube(tmp_path / "mine.cub", np.full(5064, 4.0))
    np.testing.assert_allclose(
        dark_used(image(), tmp_path, darks="custom", dark_file=tmp_path / "mine.cub"), 4.0, atol=1e-4
    )
    with pytest.raises(InputError, match="no custom dark"):
        calibrate(image(), tmp_path, darks="custom", **OFF)


def test_pixels_without_calibration_are_null(tmp_path):
    made = CalibrationSet(tmp_path)
    edr = image()
    null = np.uint32(0xFF7FFFFB).view(np.float32)
    flat, dark = made.flat.copy(), made.darks[START_S - 10 * DAY_S].astype(np.float32)
    flat[[100, 101, 102]] = 0.0, -1.0, null
    dark[200] = null
    write_column_cube(tmp_path / "NACL_Flatfield.0002.cub", flat)
    made.add_dark(START_S - 10 * DAY_S, dark, version=2)
    late = made.darks[START_S + 20 * DAY_S].astype(np.float32)
    late[300] = null
    made.add_dark(START_S + 20 * DAY_S, late, version=2)
    edr.image[1, 400] = np.nan
    result = calibrate(edr, tmp_path, sun_distance_au=AU)
    bad = np.zeros(result.shape, bool)
    bad[:, [100, 101, 102, 200]] = True
    bad[1, 400] = True
    np.testing.assert_array_equal(np.isnan(result), bad)
    # Where only the later dark is missing, the earlier one alone is taken.
    alone = lronaccal_line(edr.image[0], made, edr.label, dark.astype(float), spoilt=False)
    assert result[0, 300] == pytest.approx(alone[300], rel=1e-5)


def test_masked_pixels_without_data_do_not_count(tmp_path):
    edr = image()
    CalibrationSet(tmp_path)
    edr.image[0, MASKED[1][0]] = np.nan
    options = {**OFF, "masked": True, "dark": False}
    full = calibrate(edr, tmp_path, **options)
    columns = [column for column in MASKED[1][:24] if column % 8 == MASKED[1][0] % 8]
    level = np.nanmean(edr.image[0, columns].astype(float))
    place = sum(columns) // 3
    assert full[0, place] == pytest.approx(edr.image[0, place] - level, rel=1e-5)


def test_sun_distance_by_default_is_the_moons():
    # SolarDistance that lronaccal wrote for M114145549LE and M143947267LE (DE421).
    assert sun_moon_distance_au("2009-11-29T14:51:21.968") == pytest.approx(0.98839424271666, abs=1e-7)
    assert sun_moon_distance_au("2010-11-09T13:06:40.356") == pytest.approx(0.98865575639954, abs=1e-7)


@pytest.mark.parametrize(
    ("pattern", "options"),
    [
        ("nac_darks/*", {}),
        ("NACL_MaskedPixels*", {}),
        ("NACL_LinearizationOffsets*", {}),
        ("NACL_LinearizationCoefficients*", {}),
        ("NACL_Flatfield*", {}),
        ("NAC_RadiometricResponsivity*", {"radiometry": "radiance"}),
    ],
)
def test_missing_file_is_named_with_its_place_in_isisdata(tmp_path, pattern, options):
    CalibrationSet(tmp_path)
    (gone, *others) = tmp_path.glob(pattern)
    for path in (gone, *others):
        path.unlink()
    stem = gone.name.split(".")[0] if "Darks" not in gone.name else "nac_darks/NACL_AverageDarks_"
    with pytest.raises(InputError) as caught:
        calibrate(image(), tmp_path, **options)
    message = str(caught.value)
    assert stem in message and "$lro/calibration/" in message and "downloadIsisData" in message and "\n" not in message


def test_unfit_files_and_options(tmp_path):
    made = CalibrationSet(tmp_path)
    with pytest.raises(InputError, match="use one of pair, nearest, custom"):
        calibrate(image(), tmp_path, darks="best")
    with pytest.raises(InputError, match="iof, radiance"):
        calibrate(image(), tmp_path, radiometry="IOF")
    write_column_cube(tmp_path / "NACL_Flatfield.0002.cub", made.flat[:100])
    with pytest.raises(InputError, match="5064 samples, its flat field 100"):
        calibrate(image(), tmp_path)
    (tmp_path / "NACL_Flatfield.0003.cub").write_text("no cube")
    with pytest.raises(InputError, match="NACL_Flatfield.0003.cub.*cube"):
        calibrate(image(), tmp_path)
    (tmp_path / "NACL_LinearizationCoefficients.0002.txt").write_text("1 2\n3 4\n")
    with pytest.raises(InputError, match="three numbers"):
        calibrate(image(), tmp_path)
    (tmp_path / "NACL_LinearizationCoefficients.0002.txt").write_text("1 2 3\n3 4 5\n")
    with pytest.raises(InputError, match="2 rows"):
        calibrate(image(), tmp_path)
    (tmp_path / "NACL_MaskedPixels.0002.pvl").write_text("FullResolution = (12, 13, 5050)\nEnd\n")
    with pytest.raises(InputError, match="NACL_MaskedPixels.0002.pvl.*read-out positions"):
        calibrate(image(), tmp_path, nonlinearity=False, flat=False)
    (tmp_path / "NAC_RadiometricResponsivity.0002.pvl").write_text("IOF_LEFT = bright\nEnd\n")
    with pytest.raises(InputError, match="IOF_LEFT"):
        calibrate(image(), tmp_path, nonlinearity=False, flat=False, masked=False)


def test_special_pixels_of_a_cube_are_nan(tmp_path):
    bits = np.array([0xFF7FFFFA, 0xFF7FFFFB, 0xFF7FFFFC, 0xFF7FFFFD, 0xFF7FFFFE, 0xFF7FFFFF], np.uint32)
    write_column_cube(tmp_path / "x.cub", bits.view(np.float32))
    np.testing.assert_array_equal(np.isnan(read_column_cube(tmp_path / "x.cub")), [False] + 5 * [True])


def test_pvl_without_underscores(tmp_path):
    (tmp_path / "x.pvl").write_text(
        "Object = A\n  Group = B\n    C=1.5\n  EndGroup\nEndObject\n\nObject = D\nEndObject\n"
    )
    assert read_pvl(tmp_path / "x.pvl")["A"]["B"]["C"] == 1.5
    (tmp_path / "x.pvl").write_text("Object = A (\n")
    with pytest.raises(InputError, match="x.pvl"):
        read_pvl(tmp_path / "x.pvl")


def lronacecho_line(line, camera, summing, delta=0.326):
    """lronacecho on one line, pixel by pixel, from its main.cpp; pixels beyond the line read as 0."""
    step, rows = 2 // summing, 20 // summing
    n = len(line)
    order = range(n) if camera == "left" else range(n - 1, -1, -1)
    way = -step if camera == "left" else step
    at = lambda values, i: values[i] if 0 <= i < n else 0.0  # noqa: E731
    out = [0.0] * n
    strengths = []
    for i in order:
        if camera == "left":
            ramp, into = 21 * step <= i <= 21 * step + rows, i - 21 * step
        else:
            ramp, into = 2512 * step - rows <= i <= 2512 * step, n - i - 21 * step
        strength = delta / 2 * (1 - math.cos(math.pi / rows * into)) if ramp else delta
        strengths.append((i, strength))
        if math.isnan(line[i]) or math.isnan(at(line, i + way)):
            out[i] = line[i]
        else:
            out[i] = line[i] - strength * at(out, i + way)
    for i, strength in strengths:
        if not (math.isnan(line[i]) or math.isnan(at(line, i + way))):
            out[i] *= 1 + strength
    return out


@pytest.mark.parametrize("camera", ["left", "right"])
@pytest.mark.parametrize("summing", [1, 2])
def test_echo_of_both_cameras_and_summings(camera, summing):
    edr = image(camera, summing)
    edr.image[1, [0, 50, 51, 700, 5062 // summing]] = np.nan
    expected = [lronacecho_line(list(map(float, line)), camera, summing) for line in edr.image]
    result = remove_echo(edr.image, edr.label)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-4)


def test_echo_is_taken_out():
    """A line with the echo put in comes back, away from where the correction turns on."""
    clean = np.random.default_rng(2).uniform(100, 200, 5064)
    echoed = (clean + 0.326 * np.roll(clean, 2)) / 1.326
    result = remove_echo(echoed.astype(np.float32)[np.newaxis], image().label)[0]
    np.testing.assert_allclose(result[150:], clean[150:], rtol=1e-5)
