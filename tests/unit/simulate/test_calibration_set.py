"""A set of calibration files for the simulated sensor."""

import numpy as np
import pytest

from imfmap.camera.times import ephemeris_time
from imfmap.nac.calibration_files import CalibrationFiles
from imfmap.nac.label import NacLabel, preroll_time
from imfmap.simulate.calibration_set import write_calibration_set


@pytest.mark.parametrize("product", ["M1396000000LE", "M1400000000LE", "M1426500000LE"])
@pytest.mark.parametrize("summing", [1, 2])
@pytest.mark.parametrize("exposure_code", [0, 7])
def test_a_years_darks_suit_every_image_of_it(calibration_dir, product, summing, exposure_code):
    time = preroll_time(product)
    assert time.year == 2022
    label = NacLabel(
        product_id=product, camera="left", lines=1, samples=5064 // summing, summing=summing, exposure_ms=0.4,
        exposure_code=exposure_code, start_time=time.isoformat(), stop_time=time.isoformat(), start_clock="1/0:0",
        preroll_clock="1/0:0", version=1.8, xterm=(0,), mterm=(1,), bterm=(0,),
    )  # fmt: skip
    files = CalibrationFiles.of(calibration_dir, label)
    times = np.array(sorted(files.dark_times(exposure_code == 0)))
    moment = ephemeris_time(label.start_time)
    assert times[0] < moment < times[-1]
    assert np.diff(times).max() <= 45 * 86400
    assert np.isfinite(files.dark(times[np.searchsorted(times, moment)], exposure_code == 0)).all()


def test_calibration_sets_of_two_years_differ_in_the_times_of_their_darks_alone(calibration_dir, tmp_path):
    write_calibration_set(tmp_path, 1, 2023)
    files = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if path.is_file()}
    others = {path.relative_to(calibration_dir) for path in calibration_dir.rglob("*.*") if path.is_file()}
    assert {path for path in files ^ others} == {path for path in files ^ others if "AverageDarks" in path.name}
    both = files & others
    assert any("AverageDarks" in path.name for path in both)
    for path in both:
        assert (tmp_path / path).read_bytes() == (calibration_dir / path).read_bytes(), path
