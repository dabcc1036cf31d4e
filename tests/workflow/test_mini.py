"""A miniature of the demo and of the paper's recipe, run for real, every step of them."""

import hashlib
import json

import geopandas
import numpy as np
import pytest
import rasterio
import yaml
from rocrate.rocrate import ROCrate

from .conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mini_run(tmp_path_factory, mini_config):
    """Path: results of the miniature demo."""
    folder = tmp_path_factory.mktemp("mini")
    run_snakemake(folder, write_config(folder / "mini.yaml", mini_config), "all")
    return folder


def test_every_promised_file_is_there(mini_run):
    floor = mini_run / "results" / "mini" / "floor"
    for name in [
        "projected/M1500004000LE.tif",
        "probability/M1500004010RE.tif",
        "mosaic.tif",
        "mosaic_sources.tif",
        "probability.tif",
        "fractures.gpkg",
        "fractures.shp",
        "fractures.geojson",
        "map.png",
        "map.pdf",
        "overview.png",
        "overview.pdf",
        "rejected.png",
        "rejected.pdf",
        "summary.json",
        "density.tif",
        "density.png",
        "density.pdf",
        "rose.png",
        "rose.pdf",
        "depth.png",
        "depth.pdf",
        "distances.png",
        "distances.pdf",
        "measures.csv",
        "measures.png",
        "measures.pdf",
        "width_profiles.csv",
        "fractures.csv",
        "statistics.csv",
        "footprints.gpkg",
        "map.qgz",
        "viewer/index.html",
        "viewer/data.js",
        "stac/collection.json",
        "stac/M1500004000LE.json",
    ]:
        assert (floor / name).stat().st_size > 0, name
    run = floor.parent
    for name in [
        "catalog.json",
        "models/net/checkpoint.pt",
        "models/net/metrics.json",
        "models/net/curves.png",
        "evaluation/table.md",
        "evaluation/table.csv",
        "provenance/run.json",
    ]:
        assert (run / name).stat().st_size > 0, name


def test_rasters_share_the_targets_lunar_grid(mini_run):
    floor = mini_run / "results" / "mini" / "floor"
    grids = set()
    for name in ["projected/M1500004000LE.tif", "mosaic.tif", "mosaic_sources.tif", "probability.tif"]:
        with rasterio.open(floor / name) as dataset:
            grids.add((dataset.transform, dataset.shape, dataset.crs.to_proj4()))
    assert len(grids) == 1
    ((transform, _, proj4),) = grids
    assert transform.a == 1.5 and "+R=1737400" in proj4
    with rasterio.open(floor / "projected/M1500004000LE.tif") as dataset:
        assert dataset.dtypes == ("float32",) and np.isnan(dataset.nodata)
    with rasterio.open(floor / "mosaic_sources.tif") as dataset:
        assert set(np.unique(dataset.read(1))) <= {0, 1, 2}


def test_each_image_carries_its_sun(mini_run, mini_config):
    images = mini_config["targets"]["floor"]["simulate"]["images"]
    for image in images:
        path = mini_run / "results" / "mini" / "floor" / "projected" / f"{image['product']}.tif"
        with rasterio.open(path) as dataset:
            tags = dataset.tags()
        turn = (float(tags["IMF_SUN_AZIMUTH_DEG"]) - image["sun_azimuth_deg"] + 180) % 360 - 180
        assert abs(turn) < 1.0
        assert float(tags["IMF_INCIDENCE_DEG"]) == pytest.approx(image["incidence_deg"], abs=1.0)


def test_fractures_have_their_measures(mini_run):
    fractures = geopandas.read_file(mini_run / "results" / "mini" / "floor" / "fractures.gpkg", layer="fractures")
    assert {"area_m2", "length_m", "mean_width_m", "max_width_m", "confidence"} <= set(fractures.columns)
    assert fractures.crs.ellipsoid.semi_major_metre == 1737400


def test_the_record_names_code_and_checksums(mini_run):
    record = json.loads((mini_run / "results" / "mini" / "provenance" / "run.json").read_text())
    assert record["config"]["run"]["name"] == "mini"
    files = {file["path"]: file for file in record["files"]}
    assert {"results/mini/floor/fractures.gpkg", "results/mini/models/net/checkpoint.pt"} <= set(files)
    edr = "results/mini/floor/simulated/edr/M1500004000LE.IMG"
    lineage = record["products"]["results/mini/floor/map.png"]
    md5s = {found["path"]: found["md5"] for found in lineage["edrs"]}
    # Its own images, and those that its network was trained on.
    own = {edr, edr.replace("000LE", "010RE")}
    assert own < set(md5s) and {path.split("/")[2] for path in set(md5s) - own} == {"tr"}
    assert md5s[edr] == hashlib.md5((mini_run / edr).read_bytes()).hexdigest()
    assert {"simulate_image", "project_edr", "train", "infer_image", "fuse", "vectorise", "map"} <= set(lineage["jobs"])
    assert lineage["unrecorded"] == []
    crate = ROCrate(mini_run / "results" / "mini")
    assert crate.get("floor/simulated/edr/M1500004000LE.IMG")["md5"] == md5s[edr]


def test_the_report_shows_each_target_with_captions(mini_run):
    run_snakemake(mini_run, mini_run / "mini.yaml", "--report", "report.html", "--", "all")
    page = (mini_run / "report.html").read_text()
    for said in ("floor/map.png", "floor/statistics.csv", "models/net/curves.png", "evaluation/table.html"):
        assert said in page, said
    # The captions, by target.
    assert "on the mosaic of its images" in page and "Loss and scores of" in page and '"floor"' in page


def test_nothing_is_left_to_do(mini_run):
    assert "Nothing to be done" in run_snakemake(mini_run, mini_run / "mini.yaml", "-n", "all")


def test_the_papers_recipe_runs_on_the_same_images(mini_run, mini_config):
    config = yaml.safe_load(yaml.safe_dump(mini_config))
    config["recipe"] = "paper"
    config["models"] = {"net": {"architecture": "deeplabv3_mobilenet_v3_large", "batch_size": 8}}
    text = run_snakemake(mini_run, write_config(mini_run / "paper.yaml", config), "all")
    assert "(Rule: infer_mosaic)" in text and "(Rule: simulate_image)" not in text
    run = mini_run / "results" / "mini"
    assert "Va1" in (run / "evaluation" / "table.md").read_text()
    tiles = np.load(run / "tr" / "tiles" / "paper" / "M1500001000LE.npz")
    assert set(tiles["turn_deg"]) == {0, 90, 180, 270}
    assert (run / "floor" / "map.png").stat().st_size > 0
