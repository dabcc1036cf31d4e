"""Labels through their rules: drafts of what was found, the check, and the tiles that a target's role asks for."""

import geopandas
import numpy as np
import pytest
import rasterio
import shapely

from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import write_raster
from imfmap.maps.target_grid import target_grid
from imfmap.maps.vectors import write_vector
from imfmap.tiles.tiles import read_tiles

from .conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow

PRODUCT = "M1500004000LE"
PLACE = {"lat": -10.4, "lon": -165.0, "diameter_km": 1, "extent_km": [0.3, 0.3], "edrs": [f"{PRODUCT}.IMG"]}
GRID = target_grid(PLACE | {"body": "moon", "projection": "equirectangular", "resolution_m": 1.5})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Path: a run with a drawn line in two targets, one to train on and one to test; a third's is still to be drawn."""
    folder = tmp_path_factory.mktemp("labels")
    (folder / f"{PRODUCT}.IMG").touch()
    targets = {
        "learnt": {**PLACE, "role": "train", "labels": "drawn.gpkg"},
        "tested": {**PLACE, "role": "test", "labels": "drawn.gpkg"},
        "later": {**PLACE, "role": "validation", "labels": "later.gpkg"},
    }
    config = {"run": {"name": "run"}, "recipe": "paper", "targets": targets}
    config["tiles"] = {"size_px": 64, "overlap": 0.25, "min_valid_fraction": 0.1}
    write_config(folder / "run.yaml", config)
    return folder


def run(folder, *goals, check=True):
    """Make goals by the rules of labels and tiles alone."""
    rules = "--allowed-rules", "label", "check_labels", "draft_labels", "tile"
    return run_snakemake(folder, folder / "run.yaml", *goals, *rules, check=check)


@pytest.fixture(scope="module")
def drafted(folder):
    """Path: the folder, its fractures drafted as labels, and the draft saved as the labels of its targets."""
    x, y = (sum(GRID.bounds[side::2]) / 2 for side in (0, 1))
    path = folder / "results" / "run" / "learnt" / "fractures.gpkg"
    path.parent.mkdir(parents=True)
    crack = shapely.LineString([(x - 100, y - 20), (x + 100, y + 30)]).buffer(4)
    fractures = geopandas.GeoDataFrame({"fracture": [7], "confidence": [0.6]}, geometry=[crack], crs=GRID.crs)
    write_vector(path, {"fractures": fractures}, {"fractures": "MultiPolygon"})
    run(folder, "results/run/learnt/draft_labels.gpkg")
    (folder / "drawn.gpkg").write_bytes((path.parent / "draft_labels.gpkg").read_bytes())
    return folder


def test_a_draft_is_a_label_file_and_what_is_missing_is_said(drafted):
    lines = geopandas.read_file(drafted / "drawn.gpkg", layer="lines")
    assert (list(lines.width_class), list(lines.fracture)) == (["small"], [7])
    text = run(drafted, "check_labels")
    assert "imfmap: 1 label file still to be drawn: later.gpkg" in text
    table = (drafted / "results" / "run" / "labels_checked.csv").read_text().splitlines()
    assert table[1:] == ["later,later.gpkg,,,,,,", "learnt,drawn.gpkg,0,1,0,0,0,0", "tested,drawn.gpkg,0,1,0,0,0,0"]


def test_every_fault_is_said_by_file_and_nothing_is_written(drafted):
    whole = (drafted / "drawn.gpkg").read_bytes()
    empty = geopandas.GeoDataFrame({"width_class": []}, geometry=[], crs=GRID.crs)
    (drafted / "drawn.gpkg").unlink()
    write_vector(drafted / "drawn.gpkg", {"lines": empty})
    status, text = run(drafted, "check_labels", check=False)
    (drafted / "drawn.gpkg").write_bytes(whole)
    said = [line for line in text.splitlines() if line.startswith("imfmap: ")]
    assert status != 0 and "Traceback" not in text
    assert sum("drawn.gpkg: has no label" in line for line in said) == 2
    assert any("later.gpkg" in line for line in said) and any("2 problem(s)" in line for line in said)


def test_only_what_is_trained_on_overlaps_and_is_turned(drafted):
    image = (0.05 + 0.01 * np.random.default_rng(1).random(GRID.shape)).astype(np.float32)
    facts = ImageFacts(PRODUCT, "2010-01-01T00:00:00", 90.0, 45.0, 0.0, 45.0, 1.0, "native")
    for target in ("learnt", "tested"):
        path = drafted / "results" / "run" / target / "projected" / f"{PRODUCT}.tif"
        write_raster(path, image, GRID, nodata=np.nan, tags=facts.tags())
    names = {target: f"results/run/{target}/tiles/paper/{PRODUCT}.npz" for target in ("learnt", "tested")}
    run(drafted, *names.values())
    learnt, tested = (read_tiles(drafted / names[target]) for target in ("learnt", "tested"))
    turned = learnt.turn_deg != 0
    assert set(learnt.turn_deg) == {0.0, 90.0, 180.0, 270.0} and learnt.mask[turned].any(axis=(1, 2)).all()
    assert np.diff(sorted(set(learnt.row[~turned]))).tolist() == [48, 48, 48]
    assert set(tested.turn_deg) == {0.0} and tested.mask.any()
    assert np.diff(sorted(set(tested.row))).tolist() == [64, 64, 64]
    with rasterio.open(drafted / "results" / "run" / "tested" / "labels.tif") as labels:
        # Each label pixel is scored once, but for those in a last strip with too little data.
        assert 0.9 * labels.read(1).sum() < tested.mask.sum() <= labels.read(1).sum()
