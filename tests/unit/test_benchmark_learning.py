"""The learning benchmark runs through at a small size, and its figures hang together."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import learning  # noqa: E402


def test_operations_are_the_networks_own():
    bench = learning.Bench("deeplabv3_mobilenet_v3_large", 520, 1, 0.1, 0, torch.device("cpu"), torch.float32, False)
    forward, training = learning.operations(bench)
    # torchvision's documentation: 10.45 GFLOPS (multiplications with their additions) at 520 px, with its 21 classes
    # and its auxiliary head.
    assert forward == pytest.approx(2 * 10.45e9, rel=0.02)
    assert training == 3 * forward


@pytest.mark.slow
def test_every_case_has_its_row(tmp_path):
    torch.set_num_threads(1)
    bench = learning.Bench("deeplabv3_mobilenet_v3_large", 64, 4, 0.1, 0, torch.device("cpu"), torch.float32, False)
    measured = learning.measure(bench, tmp_path)
    assert len(measured["cases"]) == 5 and all(rate > 0 for rate, _, _ in measured["cases"].values())
    assert measured["peaks"][torch.float32] > 1e9
    text = learning.report(bench, measured)
    table = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 5
    rates = {row[0].strip(): float(row[2]) for row in table[2:]}
    ratio = rates["training, this workflow"] / rates["training, plain float32 loop"]
    assert float(table[3][3]) == pytest.approx(ratio, rel=0.02)
    assert "cpu, 1 threads" in text and "torch" in text
