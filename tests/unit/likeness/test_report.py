"""The report of likeness, from its settings to its verdict."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import yaml
from PIL import Image

from imfmap.core.errors import InputError
from imfmap.likeness.patches import Group, Patch, read_real, stretched
from imfmap.likeness.report import compare_group, make_report, measure, read_settings, simulate

SIZE_PX = 200
GROUP = Group(
    name="tiny",
    title="A tiny ground",
    real="crops/*.png",
    calibrated=False,
    size_px=SIZE_PX,
    resolution_m=1.0,
    lat=-45.5,
    lon=177.0,
    patches=6,
    scene={
        "preset": "cratered_ground",
        "crater_density_per_km2": {"log_between": [4000, 8000]},
        "terrain_resolution_m": 0.75,
        "margin_m": 24,
    },
    image={"incidence_deg": {"between": [62, 80]}, "summing": 2},
)


def test_unfit_input_is_told_in_one_line(tmp_path):
    with pytest.raises(InputError, match="set IMF_REAL_DATA"):
        read_real(GROUP, tmp_path)
    (tmp_path / "crops").mkdir()
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(tmp_path / "crops" / "a.png")
    with pytest.raises(InputError, match="use one of 200 x 200 or more"):
        read_real(GROUP, tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_settings(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("groups: {plains: {title: nothing else}}\nseed: 1\n")
    with pytest.raises(InputError, match="is not a likeness file"):
        read_settings(tmp_path / "bad.yaml")


@pytest.mark.slow
def test_the_report_knows_its_like_and_white_noise(tmp_path):
    shares = [(0.003, 0.004)]
    stand_ins = simulate(replace(GROUP, patches=4), 11, shares)
    (tmp_path / "crops").mkdir()
    for one in stand_ins:
        pixels = one.shown.pixels.astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "crops" / f"{one.patch.name.replace(' ', '')}.png")
    settings = {"seed": 5, "groups": {"tiny": {key: value for key, value in asdict(GROUP).items() if key != "name"}}}
    (tmp_path / "likeness.yaml").write_text(yaml.safe_dump(settings))
    report = make_report(tmp_path / "likeness.yaml", tmp_path, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    pictures = {f"tiny_{name}.png" for name in ("unlabelled", "labelled", "curves", "verdicts")}
    assert names == pictures | {"report.json", "report.md", "report.html"}
    assert json.loads((tmp_path / "out" / "report.json").read_text())["groups"].keys() == {"tiny"}
    group = report["groups"]["tiny"]
    assert sum(group["verdicts"].values()) == len(group["statistics"]) > 25
    assert group["verdicts"]["not covered"] < 0.3 * len(group["statistics"])
    assert group["sun_azimuth_error_deg"]["median"] < 10.0
    scores = {score["least_px"]: score for score in group["detector"]["scores"]}
    assert scores[12.0]["precision"] > 0.5 and scores[12.0]["recall"] > 0.5
    page = (tmp_path / "out" / "report.html").read_text()
    assert all(f"tiny_{name}.png" in page for name in ("unlabelled", "labelled", "curves", "verdicts"))

    # White noise, stretched alike, is none of it.
    rng = np.random.default_rng(6)
    noise = [
        Patch(
            f"noise {k}", True, stretched(rng.standard_normal((SIZE_PX, SIZE_PX)), 0.003, 0.004), {}, np.empty((0, 4))
        )
        for k in range(4)
    ]
    unlike = compare_group(GROUP, [measure(GROUP, patch, shares[0]) for patch in noise], stand_ins, tmp_path / "out")
    assert unlike["verdicts"]["not covered"] > 0.7 * len(unlike["statistics"])
    assert unlike["together"]["near_share"] == 0.0
    assert unlike["together"]["told_apart"] > 0.99
