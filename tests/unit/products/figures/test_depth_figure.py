"""Depth over width: drawn with and without depths."""

import numpy as np
import pandas as pd
from PIL import Image

from imfmap.fractures.shadow_depth import AT_LEAST, MEASURED
from imfmap.products.figures.depth_figure import depth_figure

FRACTURES = pd.DataFrame(
    {
        "mean_width_m": [4.0, 12.0, 30.0, 60.0],
        "depth_m": [1.0, 3.0, 9.0, np.nan],
        "depth_kind": [MEASURED, AT_LEAST, MEASURED, ""],
    }
)


def test_depths_are_drawn_and_nothing_is_said(tmp_path):
    depth_figure([tmp_path / "a.png", tmp_path / "a.pdf"], FRACTURES, "Cost $5 to $6")
    depth_figure([tmp_path / "b.png"], FRACTURES.iloc[3:], "A floor")
    depth_figure([tmp_path / "again.png"], FRACTURES, "Cost $5 to $6")
    one, none = (np.asarray(Image.open(tmp_path / f"{name}.png").convert("L")) for name in "ab")
    assert (one < 128).sum() > 2 * (none < 128).sum() > 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "again.png").read_bytes()
