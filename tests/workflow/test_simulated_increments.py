"""One image more costs that image alone."""

import copy

import pytest

from .conftest import run_snakemake, write_config


def _edrs(images):
    return [f"results/mini/te/simulated/edr/{image['product']}.IMG" for image in images]


@pytest.mark.slow
def test_an_image_more_remakes_neither_calibration_files_nor_other_images(tmp_path, mini_config):
    config = copy.deepcopy(mini_config)
    config["targets"]["te"]["extent_km"] = [0.2, 0.2]
    images = config["targets"]["te"]["simulate"]["images"]
    run_snakemake(tmp_path, write_config(tmp_path / "one.yaml", config), "--", *_edrs(images))

    images.append(
        {"product": "M1500003500RE", "sun_azimuth_deg": 260, "incidence_deg": 60, "camera": "right", "summing": 1}
        | {"ascending": True, "altitude_km": 40, "roll_deg": 12, "inclination_deg": 88, "unrecorded_jitter_urad": 0.5}
    )
    plan = run_snakemake(tmp_path, write_config(tmp_path / "two.yaml", config), "--dry-run", "--", *_edrs(images))
    assert "simulate_image" in plan and "M1500003500RE" in plan
    assert "simulate_scene" not in plan and "simulate_calibration" not in plan
    assert "M1500003000LE.IMG" not in plan.split("Job stats")[1]
    run_snakemake(tmp_path, tmp_path / "two.yaml", "--", *_edrs(images))
    assert all((tmp_path / edr).stat().st_size > 100_000 for edr in _edrs(images))

    # An image of another year gets a set of its own; the first one stays.
    images.append({"product": "M1535000000LE", "sun_azimuth_deg": 90, "incidence_deg": 40})
    plan = run_snakemake(tmp_path, write_config(tmp_path / "three.yaml", config), "--dry-run", "--", *_edrs(images))
    made = [
        line.rpartition("(")[2].rstrip(")")
        for line in plan.splitlines()
        if "calibration files of a simulated NAC" in line
    ]
    assert set(made) == {"2026"}
    assert "simulate_scene" not in plan
