"""benchmarks/real_crops.py: models on the real crops, whose dark offset nobody tells."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import real_crops
import torch
from PIL import Image

from imfmap.learning.models import build_model, save_checkpoint
from imfmap.likeness.patches import sun_azimuth_at


@pytest.mark.parametrize("lat_deg", [-45.5, 20.0])
@pytest.mark.parametrize("incidence_deg", [60.0, 75.0, 85.0])
@pytest.mark.parametrize("morning", [True, False])
def test_incidence_follows_from_the_suns_azimuth(lat_deg, incidence_deg, morning):
    azimuth_deg = sun_azimuth_at(lat_deg, incidence_deg, morning)
    assert real_crops.incidence_from_azimuth(lat_deg, azimuth_deg) == pytest.approx(incidence_deg)


def test_a_lost_dark_offset_is_put_back_and_none_is_taken_away():
    ground = (100 + 10 * np.random.default_rng(2).standard_normal((60, 60))).astype(np.float32)
    again, offset = real_crops.lifted(ground - 60, 0.1)
    assert offset == pytest.approx(60, abs=3) and again.std() / again.mean() == pytest.approx(0.1, rel=1e-4)
    # Brightness relative to its surroundings is what recipe sun_aligned sees.
    np.testing.assert_allclose(again / again.mean(), ground / ground.mean(), atol=0.02)
    for contrast in (0.2, 0):
        same, offset = real_crops.lifted(ground, contrast)
        assert offset == 0 and np.array_equal(same, ground)


def test_objects_are_counted_from_150_m2_on():
    probability = np.full((40, 40), 0.2)
    # 67 pixels of 1.5 m are 150.75 m2, 66 are 148.5 m2; corners touch.
    probability[2:8, 2:13], probability[8, 13] = 0.9, 0.9
    probability[20:26, 2:13] = 0.9
    count, kept = real_crops.found_in(probability)
    assert count == 1 and (kept >= 0.5).sum() == 67 and kept[21, 3] == 0 and kept[30, 30] == 0.2
    assert real_crops.found_in(probability * 0)[0] == 0


def test_models_of_one_name_are_told_apart():
    paths = [Path(f"results/{run}/models/net/checkpoint.pt") for run in ("one", "two")]
    assert real_crops.names_of(paths) == ["one/net", "two/net"]
    assert real_crops.names_of([paths[0], Path("results/one/models/other/checkpoint.pt")]) == ["net", "other"]


def test_a_models_seeds_share_its_name():
    assert [real_crops.without_seed(name) for name in ("net-s1", "net-s12", "net-small")] == ["net", "net", "net-small"]


@pytest.mark.slow
def test_models_are_tried_on_a_real_crop(real_data, tmp_path, capsys):
    (crop,) = (real_data / "nac_crops").glob("M1229577647*.png")
    (tmp_path / "nac_crops").mkdir()
    shutil.copy(crop, tmp_path / "nac_crops")
    torch.manual_seed(1)
    checkpoints = []
    for recipe in ("sun_aligned", "paper"):
        settings = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [16, 8, 4]}
        settings |= {"recipe": recipe, "tile_size_px": 256, "resolution_m": 1.5, "threshold": 0.5}
        checkpoints.append(tmp_path / recipe / "checkpoint.pt")
        save_checkpoint(checkpoints[-1], build_model(settings), settings)
    arguments = ["--real", str(tmp_path), "--out", str(tmp_path / "out")]

    def tried(*more):
        real_crops.main([*arguments, *map(str, more)])
        head, lifts, *lines = capsys.readouterr().out.splitlines()
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]
        return head, lifts, {row[0]: row[1:] for row in rows[2:]}

    head, lifts, rows = tried(*checkpoints)
    assert head == "1 crops, 0.16 km2 at 1.5 m/px"
    # Under a Sun 27 degrees high next to nothing lies in shadow: the darkest count is not black.
    assert "counts added above 0.11: M1229577647 by " in lifts
    assert list(rows) == ["sun_aligned", "paper"] and all(len(row) == 9 for row in rows.values())
    for row in rows.values():
        for objects, per_km2, percent in (row[start : start + 3] for start in (0, 3, 6)):
            assert float(per_km2) == pytest.approx(int(objects) / (266 * 1.5e-3) ** 2, abs=0.06)
            assert 0 <= float(percent) <= 100
    width, height = Image.open(tmp_path / "out" / "found.png").size
    assert min(width, height) > 300
    _, lifts, plain = tried(checkpoints[1], "--contrast", 0)
    assert lifts.endswith("counts added above 0.00: none")
    # The paper's stretch takes any offset away.
    assert plain["paper"] == rows["paper"]
