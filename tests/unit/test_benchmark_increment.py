"""The benchmark of one image more, in small."""

import re
import sys

import pytest


@pytest.mark.slow
def test_it_says_what_one_image_more_costs_and_that_the_result_is_the_same(root, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import increment

    # They are put back after: the benchmark sets them for a small map.
    monkeypatch.setattr(increment.fusion, "BLOCK_PX", increment.fusion.BLOCK_PX)
    monkeypatch.setattr(increment.mosaic_module, "_WINDOW_PX", increment.mosaic_module._WINDOW_PX)
    monkeypatch.setitem(increment.MODELS, "paper", increment.MODELS["imfmap"])
    monkeypatch.setattr(sys, "argv", ["increment.py", "--images", "12", "--size-px", "400", "--width-px", "80"])
    assert increment.main() == 0
    table = capsys.readouterr().out
    assert "12 images" in table and table.rstrip().endswith("The same as a run from scratch: yes.")
    rows = dict(re.findall(r"^\| (.*?) \| .* \| 1/(\d+) \|$", table, re.MULTILINE))
    assert set(rows) == {
        *("inference of images", "fusion", "polygons", "mosaic", "inference on the mosaic"),
        *("**recipe imfmap**", "**recipe paper**"),
    }
    # One image of twelve alike; the figure itself depends on the machine.
    assert int(rows["inference of images"]) > 4
