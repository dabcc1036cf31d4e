"""The comparison of a device with the CPU sees what differs."""

import device_agreement
import numpy as np
import pytest
import torch
from learning import Bench


def test_a_difference_beyond_its_limit_is_told():
    rows = [("image", 1.0, 1), ("loss", 5e-4, 1e-3), ("image, bfloat16", 9.0, None)]
    text, agrees = device_agreement.report(rows)
    assert agrees and text.splitlines()[-1] == "| image, bfloat16 | 9 | - |"
    for beyond in (2.0, float("nan")):
        assert not device_agreement.report([*rows, ("mosaic", beyond, 1)])[1]


@pytest.mark.slow
def test_the_cpu_agrees_with_itself_and_other_weights_do_not(tmp_path, monkeypatch):
    torch.set_num_threads(1)
    bench = Bench("deeplabv3_mobilenet_v3_large", 64, 2, 1.0, 0, torch.device("cpu"), torch.float32, False)
    rows = list(device_agreement.compare(bench, 4, tmp_path))
    assert len(rows) == 4 and [apart for _, apart, _ in rows] == [0.0] * 4
    expected = device_agreement.losses(bench, tmp_path)
    assert len(expected) == device_agreement.STEPS and np.ptp(expected) > 0
    network = device_agreement.learning.build_model(bench.settings())
    device_agreement.learning.save_checkpoint(tmp_path / "paper.pt", network, bench.settings())
    assert np.abs(device_agreement.losses(bench, tmp_path) / expected - 1).max() > device_agreement.MOST_LOSS
