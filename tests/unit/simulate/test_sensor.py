"""The sensor, undone by the calibration."""

import numpy as np
import pytest

from imfmap.nac.calibration import calibrate, remove_echo
from imfmap.nac.calibration_files import CalibrationFiles
from imfmap.simulate.sensor import ELECTRONS_A_COUNT, READ_NOISE_ELECTRONS, expose
from tests.helpers.simulated_images import NATIVE_RIGHT, SUMMED_LEFT, take


@pytest.mark.parametrize("image", [SUMMED_LEFT, NATIVE_RIGHT], ids=["summed left", "native right"])
def test_calibration_undoes_the_sensor_within_noise(marked, calibration_dir, tmp_path, image):
    path, *_ = marked
    _, edr, _, _ = take(path, image, calibration_dir, tmp_path)
    label = edr.label
    rng = np.random.default_rng(2)
    truth = (0.03 + 0.05 * rng.random((60, label.samples // 25 + 1)).repeat(25, 1)[:, : label.samples]).astype(
        np.float32
    )
    truth *= 0.55 if image is NATIVE_RIGHT else 1.0
    codes = expose(truth, label, calibration_dir, np.random.default_rng(5))
    counts = edr.counts[codes]

    class Sent:
        pass

    sent = Sent()
    sent.label, sent.image, sent.max_count = label, counts, float(counts.max())
    back = remove_echo(calibrate(sent, calibration_dir), label)
    step = 2 // label.summing
    active = slice(45 * step, -45 * step)
    counts_per_iof = label.exposure_ms * CalibrationFiles.of(calibration_dir, label).responsivity("iof")
    signal = truth[:, active] * counts_per_iof
    span = 1.0 / np.asarray(label.mterm)[np.searchsorted(label.xterm[1:], counts[:, active])]
    variance = (
        signal / ELECTRONS_A_COUNT + (READ_NOISE_ELECTRONS / ELECTRONS_A_COUNT) ** 2
    ) / label.summing + span**2 / 12
    error = (back - truth)[:, active] * counts_per_iof
    assert abs(error.mean()) < 1.0
    # Taking the echo out adds the noise of earlier pixels; flat field and distance scale it a little.
    ratio = np.sqrt(np.mean(error**2) / np.mean(variance))
    assert 0.9 < ratio < 1.5
    assert np.corrcoef(back[:, active].ravel(), truth[:, active].ravel())[0, 1] > 0.97
