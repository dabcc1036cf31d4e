"""The benchmark of one image more, in small."""

import re
import sys

import pytest


@pytest.mark.slow
def test_it_says_what_one_image_more_costs_and_that_the_result_is_the_same(monkeypatch, capsys):
    import increment
    import increment_target

    small = {**increment_target.MODELS["sun_aligned"], "tile_size_px": 64}
    monkeypatch.setattr(increment_target, "MODELS", {"sun_aligned": small, "paper": {**small, "recipe": "paper"}})
    monkeypatch.setitem(
        increment.INFERENCE, "sun_aligned", {**increment.INFERENCE["sun_aligned"], "test_time_augmentation": []}
    )
    monkeypatch.setattr(increment_target, "SUNS", increment_target.SUNS[:1])
    monkeypatch.setattr(sys, "argv", ["increment.py", "--images", "3", "--height-px", "100", "--width-px", "4000"])
    assert increment.main() == 0
    table = capsys.readouterr().out
    assert "3 images" in table and table.rstrip().endswith("The same as a run from scratch: yes.")
    rows = dict(re.findall(r"^\| (.*?) \| .* \| 1/([\d.]+) \|$", table, re.MULTILINE))
    assert set(rows) == {
        *("calibration and projection", "inference of images", "fusion", "polygons", "mosaic"),
        *("inference on the mosaic", "**recipe sun_aligned**", "**recipe paper**"),
    }
    # One image of three alike; the figure itself depends on the machine.
    assert float(rows["inference of images"]) > 1
