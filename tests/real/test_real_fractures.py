"""benchmarks/real_fractures.py: models on real panels of fractured melt, and on ground without fractures."""

import numpy as np
import pytest
import real_fractures
import real_images
import torch

from imfmap.learning.models import build_model, save_checkpoint


def panel_of(traced, pixels=None):
    distance_m = real_fractures.distance_transform_edt(~traced) * real_images.RESOLUTION_M
    pixels = np.ones(traced.shape, np.float32) if pixels is None else pixels
    return real_images.Panel(real_images.Path("one.tif"), pixels, 90.0, [], traced, distance_m)


def test_a_detection_on_the_trace_finds_it_and_one_beside_it_does_not():
    traced = np.zeros((100, 100), bool)
    traced[50, 10:90] = True
    panel, probability = panel_of(traced), np.zeros((100, 100))
    # 5 x 40 pixels are 450 m2: half of the trace is within 3 m of them, and a little more at the end.
    probability[48:53, 10:50] = 0.8
    found, on_trace = real_fractures.shares(real_fractures.counts(panel, probability, 0.5))
    assert found == pytest.approx(100 * 42 / 80) and on_trace == 100
    # An object far away takes half of the detected area.
    probability[88:93, 10:50] = 0.8
    assert real_fractures.shares(real_fractures.counts(panel, probability, 0.5))[1] == 50
    # Objects below 150 m2 do not count.
    small = np.where(np.arange(100) < 60, 0, probability.T).T * 0
    small[50, 10:70] = 0.8
    found, on_trace = real_fractures.shares(real_fractures.counts(panel, small, 0.5))
    assert found == 0 and np.isnan(on_trace)


def test_false_objects_are_counted_per_km2_of_ground_with_data():
    probability = np.full((400, 400), np.nan)
    probability[:200] = 0
    probability[10:20, 10:20] = 0.9
    assert real_fractures.per_km2([probability], 0.5) == pytest.approx(1 / (200 * 400 * 2.25e-6))
    assert np.isnan(real_fractures.per_km2([], 0.5))
    # A peak is a probability that one pixel of each object reaches.
    probability[100:110, 10:20] = 0.6
    assert [real_fractures.objects(probability, 0.5, peak)[0] for peak in (0.0, 0.7, 0.95)] == [2, 1, 0]


def test_the_sun_of_a_time_is_in_the_east_in_the_morning():
    # Subsolar longitudes of 2021-10-20T14:57 (full Moon): about 0; at the eastern limb it is noon later.
    assert real_images.azimuth_at(0.5, -60.0, "2021-10-20 14:57:00") == pytest.approx(90, abs=5)
    assert real_images.azimuth_at(0.5, 60.0, "2021-10-20 14:57:00") == pytest.approx(270, abs=5)


@pytest.mark.slow
def test_a_model_is_tried_on_the_real_panels(real_data, tmp_path, capsys):
    torch.manual_seed(1)
    settings = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [16, 8, 4]}
    settings |= {"recipe": "sun_aligned", "tile_size_px": 256, "resolution_m": 1.5, "threshold": 0.35}
    for seed in (1, 2):
        save_checkpoint(tmp_path / f"net-s{seed}.pt", build_model(settings), settings)
    paths = [str(tmp_path / f"net-s{seed}.pt") for seed in (1, 2)]
    real_fractures.main([*paths, "--real", str(real_data), "--out", str(tmp_path / "out"), "--panels-only"])
    printed = capsys.readouterr().out
    head, *rows = printed.splitlines()
    assert head.startswith("6 panels, 0.5") and "net, 2 seeds:" in printed
    (own,) = (row for row in rows if "its own" in row)
    cells = [cell.strip() for cell in own.split("|")[1:-1]]
    assert cells[0] == "0.35 (its own)" and len(cells) == 11 and cells[-2:] == ["-", "-"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"curves.png", "panels.png"}
