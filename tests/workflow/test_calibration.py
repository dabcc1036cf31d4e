"""A model is calibrated by one command, and a map made with it says what it misses."""

import hashlib
import json
from pathlib import Path

import pandas
import pytest
import torch

from imfmap.learning.probability_calibration import CALIBRATION_TAG, COMPLETENESS_TAG, THRESHOLD_TAG
from imfmap.maps.rasters import open_raster

from .conftest import run_snakemake, write_config

START = Path(__file__).resolve().parents[2] / "resources" / "detector.pt"


def target(role, number):
    images = [
        {"product": f"M15{number:02d}001000LE", "sun_azimuth_deg": 60.0 * number, "incidence_deg": 50},
        {"product": f"M15{number:02d}001010RE", "sun_azimuth_deg": (60.0 * number + 100) % 360, "incidence_deg": 62}
        | {"camera": "right"},
    ]
    scene = {"seed": 60 + number, "path": "direct", "fracture_km_per_km2": 12, "wall_share": 0, "images": images}
    place = {"lat": 1.0, "lon": 3.0 * number, "diameter_km": 1, "extent_km": [0.45, 0.45]}
    return {"role": role, **place, "simulate": scene}


def config(checkpoint):
    return {
        "run": {"name": "cal", "seed": 3},
        "models": {"net": {"checkpoint": str(checkpoint)}},
        "training": {"threads": 1},
        "products": dict.fromkeys(("sheets", "qgis", "viewer", "stac"), False),
        "targets": {f"place_{n}": target("validation", n) for n in range(4)} | {"floor": target("map", 5)},
    }


@pytest.mark.slow
def test_a_model_is_calibrated_and_maps_with_it_say_what_they_miss(tmp_path):
    digest = hashlib.sha256(START.read_bytes()).hexdigest()
    run_snakemake(tmp_path, write_config(tmp_path / "a.yaml", config(START)), "calibration")
    assert hashlib.sha256(START.read_bytes()).hexdigest() == digest
    folder = tmp_path / "results" / "cal" / "models" / "net"
    settings = torch.load(folder / "calibrated.pt", weights_only=True)["settings"]
    report = json.loads((folder / "calibration.json").read_text())
    assert report["threshold"] == settings["threshold"] and report["places"] == [f"place_{n}" for n in range(4)]
    for kind in ("one image", "fused"):
        judged = report["left_out"][kind]
        assert judged["largest_error_after"] < judged["largest_error_before"]
    assert pandas.read_csv(folder / "completeness.csv")["length"].between(0, 1).all()
    assert (folder / "calibration.png").stat().st_size > 10_000

    # The threshold is the model's own, since the configuration names none.
    own = config(folder / "calibrated.pt") | {"run": {"name": "own", "seed": 3}}
    run_snakemake(tmp_path, write_config(tmp_path / "b.yaml", own), "results/own/floor/summary.json")
    with open_raster(tmp_path / "results" / "own" / "floor" / "probability.tif") as fused:
        tags = fused.tags()
    assert float(tags[THRESHOLD_TAG]) == settings["threshold"] and CALIBRATION_TAG in tags and COMPLETENESS_TAG in tags
    summary = json.loads((tmp_path / "results" / "own" / "floor" / "summary.json").read_text())
    assert summary["settings"]["threshold"] == settings["threshold"]
    assert set(summary["completeness"]["seen"]) == {"5", "10", "20"}
    assert summary["completeness"]["width_classes"]["medium"]["found"] > 0


def test_a_model_is_not_calibrated_on_two_places(tmp_path):
    few = config(START)
    few["targets"] = {"place_0": target("validation", 0), "floor": target("map", 5)}
    status, text = run_snakemake(tmp_path, write_config(tmp_path / "a.yaml", few), "calibration", check=False)
    assert status and "1 target of role validation" in text and "Traceback" not in text
