"""Calibration against a plain transcription of lronaccal and lronacecho, on what the real crops do not cover."""

import math

import numpy as np
import pytest

from imfmap.nac.calibration import Calibration, calibrate, remove_echo
from tests.helpers.calibrations import OFF, image
from tests.helpers.nac_samples import (
    DAY_S,
    EXPOSURE_MS,
    MASKED,
    RESPONSIVITY,
    START_S,
    CalibrationSet,
    write_column_cube,
)

AU = 0.98


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
