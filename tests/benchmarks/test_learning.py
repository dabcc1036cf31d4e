"""The learning benchmark runs through at a small size, and its figures hang together."""

import itertools

import learning
import pytest
import torch

from imfmap.core.processors import processor_name


def test_operations_are_the_networks_own():
    bench = learning.Bench("deeplabv3_mobilenet_v3_large", 520, 1, 0.1, 0, torch.device("cpu"), torch.float32, False)
    forward, training = learning.operations(bench)
    # torchvision's documentation: 10.45 GFLOPS (multiplications with their additions) at 520 px, with its 21 classes
    # and its auxiliary head, and with what falls on padding: much, as kernels reach 24 px on images of 33.
    assert 0.5 * 2 * 10.45e9 < forward < 2 * 10.45e9
    assert training == 3 * forward


@pytest.mark.parametrize(
    "stride, padding, dilation, groups", [(1, 0, 1, 1), (2, 1, 1, 2), (1, 7, 7, 1), (1, 36, 36, 4)]
)
def test_operations_of_a_convolution_are_those_that_meet_a_pixel(stride, padding, dilation, groups):
    image, kernel = torch.ones(2, 4, 16, 20), torch.ones(8, 4 // groups, 3, 3)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    with learning.FlopCounterMode(
        display=False, custom_mapping={torch.ops.aten.convolution: learning.convolution}
    ) as counter:
        met = torch.conv2d(image, kernel, **settings)
    # Of ones every product is one.
    assert counter.get_total_flops() == 2 * met.sum()


@pytest.mark.parametrize("workers", [0, 2])
def test_the_clock_starts_when_the_loop_runs_and_stops_when_the_time_is_filled(monkeypatch, workers):
    bench = learning.Bench("any", 64, 10, 2.0, workers, torch.device("cpu"), torch.float32, False)
    warm, now = 1 + workers * learning.PREFETCHED, 0.0
    monkeypatch.setattr(learning, "loader", lambda bench: itertools.count())
    monkeypatch.setattr(learning.time, "perf_counter", lambda: now)

    def learn(batches, tell):
        nonlocal now
        for number in batches:
            # The first is slow, those that were held ready come at once, each of the others takes a quarter second.
            now += 0.25 if number >= warm else 0.01 if number else 60.0
            tell(0.0)

    clock = learning.Clock(bench)
    assert clock.rate(learn) == 40.0
    assert clock.batches == warm + 8


def test_both_loops_are_fed_alike(monkeypatch):
    torch.set_num_threads(1)
    bench = learning.Bench("deeplabv3_mobilenet_v3_large", 64, 2, 0.01, 1, torch.device("cpu"), torch.float32, False)
    loaders, make = [], learning.loader
    monkeypatch.setattr(learning, "loader", lambda bench: loaders.append(make(bench)) or loaders[-1])
    assert learning.train_reference(bench) > 0 and learning.train_ours(bench) > 0
    assert [(one.num_workers, one.prefetch_factor) for one in loaders] == [(1, learning.PREFETCHED)] * 2
    first, second = (next(iter(one.batch_sampler)) for one in loaders)
    assert first == second and len(first) == bench.batch_size


def test_the_papers_training_is_reckoned_in_hours():
    cases = {
        "training, plain float32 loop": (100.0, True, torch.float32),
        "training, this workflow": (500.0, True, torch.float32),
        "inference, plain float32 loop, disk to disk": (200.0, False, torch.float32),
        "inference, this workflow, disk to disk, image": (900.0, False, torch.float32),
        "inference, this workflow, memory to memory": (1000.0, False, torch.float32),
        "without a network, disk to disk, image": (2000.0, False, None),
    }
    # METHOD: Tr 4500 + 2696, Va1 1132 + 667 tiles.
    _, ours, plain = learning.papers_training(cases)
    assert ours == f"- this workflow: {100 * (7196 / 500 + 1799 / 1000) / 3600:.3g} h"
    assert plain == f"- plain float32 loop: {100 * (7196 / 100 + 1799 / 200) / 3600:.3g} h"
    measured = {"peaks": {torch.float32: 1e12}, "operations": [1, 3], "cases": cases}
    for architecture, size_px, told in [
        ("deeplabv3_resnet50", 512, True),
        ("deeplabv3_resnet50", 256, False),
        ("deeplabv3_resnet101", 512, False),
    ]:
        bench = learning.Bench(architecture, size_px, 32, 1.0, 0, torch.device("cpu"), torch.float32, False)
        assert ("100 epochs" in learning.report(bench, measured)) == told


@pytest.mark.slow
def test_every_case_has_its_row(tmp_path):
    torch.set_num_threads(1)
    bench = learning.Bench("deeplabv3_mobilenet_v3_large", 64, 4, 0.1, 0, torch.device("cpu"), torch.float32, False)
    measured = learning.measure(bench, tmp_path)
    assert len(measured["cases"]) == 10 and all(rate > 0 for rate, _, _ in measured["cases"].values())
    assert measured["peaks"][torch.float32] > 1e9
    text = learning.report(bench, measured)
    table = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 10
    rates = {row[0].strip(): float(row[2]) for row in table[2:]}
    ratio = rates["training, this workflow"] / rates["training, plain float32 loop"]
    assert float(table[3][3]) == pytest.approx(ratio, rel=0.02)
    assert f"{processor_name()}, CPU threads: 1" in text and "torch" in text
