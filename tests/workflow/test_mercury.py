"""Mercury, from mosaics that somebody else made: trained on, evaluated on and mapped at 6 m/px, by both recipes."""

import json

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import CRS

from imfmap.maps.bodies import BODIES, body_of
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import read_raster
from imfmap.maps.target_grid import target_grid
from imfmap.simulate.direct_imaging import image_to_map
from imfmap.simulate.scene import make_scene

from .conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow

# Caloris, at the pixel size of SIMBIO-SYS; the ground is a simulated one of 1.5 m, called four times as large.
PLACE = {"body": "mercury", "lat": 30.5, "lon": 162.7, "diameter_km": 2, "resolution_m": 6.0}
SUN = {"sun_azimuth_deg": 275.0, "incidence_deg": 42.0}
# MDIS mosaics rest on a sphere of 2440 km.
MDIS = "+proj=eqc +lat_ts=30.5 +lon_0=162.7 +R=2440000 +units=m"


@pytest.fixture(scope="module")
def mosaics(tmp_path_factory):
    """Path: a folder with mosaics and labels of two places on Mercury."""
    folder = tmp_path_factory.mktemp("mercury")
    for seed, name in enumerate(("tr", "floor"), start=11):
        write_mosaic(folder, name, seed)
    return folder


def write_mosaic(folder, name, seed):
    """A 16-bit mosaic and its labels, out of a simulated scene on the Moon."""
    place = {"body": "moon", "lat": 0, "lon": 0, "diameter_km": 1, "extent_km": [0.5, 0.5], "resolution_m": 1.5}
    moon = target_grid({**place, "projection": "equirectangular"})
    make_scene({"seed": seed, "fracture_km_per_km2": 12}, moon, folder / name)
    image = {"product": f"M150000{seed}000LE", **SUN}
    image_to_map(folder / name / "terrain.tif", image, moon, folder / name / "image.tif", seed)
    pixels, _, _ = read_raster(folder / name / "image.tif")
    mercury = target_grid({**PLACE, "projection": "equirectangular"})
    there = MapGrid(mercury.crs, mercury.transform, moon.shape)
    counts = np.where(np.isfinite(pixels), np.rint(20000 * np.nan_to_num(pixels)), -32768).astype(np.int16)
    profile = {"height": moon.shape[0], "width": moon.shape[1], "count": 1, "dtype": "int16", "nodata": -32768}
    profile |= {"crs": MDIS, "transform": Affine.scale(2440000 / mercury.body.radius_m) @ there.transform}
    with rasterio.open(folder / f"{name}.tif", "w", driver="GTiff", **profile) as dataset:
        dataset.write(counts, 1)

    def moved(places):
        return np.column_stack(there.xy(*moon.rowcol(*places.T)))

    for layer in ("lines", "polygons"):
        drawn = geopandas.read_file(folder / name / "labels.gpkg", layer=layer)
        shapes = shapely.transform(drawn.geometry.values, moved)
        drawn = drawn.drop(columns="geometry").set_geometry(shapes, crs=there.crs)
        drawn.to_file(folder / f"{name}.gpkg", layer=layer)


def config_of(recipe, model, sun=None):
    def mosaic(name, **more):
        return {**PLACE, "mosaic": f"{name}.tif", **(sun or {}), **more}

    return {
        "run": {"name": recipe, "seed": 3},
        "recipe": recipe,
        "processing": {"resolution_m": 6.0},
        "tiles": {"size_px": 64, "overlap": 0.1, "validation_fraction": 0.25},
        "training": {"epochs": 1, "learning_rate": 0.002, "device": "cpu", "threads": 1},
        "models": {"net": {**model, "batch_size": 8}},
        "evaluation": {"models": ["net"]},
        "mapping": {"min_area_m2": 20},
        "targets": {
            "tr": mosaic("tr", role="train", labels="tr.gpkg"),
            "va": mosaic("floor", role="validation", labels="floor.gpkg"),
            "caloris": mosaic("floor", role="map", title="Caloris, simulated"),
        },
    }


MODELS = {
    "paper": {"architecture": "deeplabv3_mobilenet_v3_large"},
    "sun_aligned": {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [32, 16, 8]},
}


@pytest.mark.parametrize("recipe", MODELS)
def test_mercury_is_trained_on_evaluated_and_mapped(mosaics, recipe):
    config = config_of(recipe, MODELS[recipe], SUN if recipe == "sun_aligned" else None)
    text = run_snakemake(mosaics, write_config(mosaics / f"{recipe}.yaml", config), "all")
    assert f"(Rule: {'import_mosaic' if recipe == 'paper' else 'project_mosaic'})" in text
    run = mosaics / "results" / recipe
    caloris = run / "caloris"
    grids = set()
    for name in ("mosaic.tif", "mosaic_sources.tif", "probability.tif"):
        with rasterio.open(caloris / name) as dataset:
            crs = CRS.from_wkt(dataset.crs.to_wkt())
            assert body_of(crs) is BODIES["mercury"] and dataset.transform.a == 6.0, name
            grids.add((dataset.transform, dataset.shape))
    assert len(grids) == 1
    fractures = geopandas.read_file(caloris / "fractures.gpkg", layer="fractures")
    assert fractures.crs.ellipsoid.semi_major_metre == BODIES["mercury"].radius_m == 2440530
    for name in ("map.png", "map.pdf", "map.qgz", "viewer/index.html", "stac/collection.json", "fractures.geojson"):
        assert (caloris / name).stat().st_size > 0, name
    item = json.loads((caloris / "stac" / "caloris.json").read_text())
    assert item["properties"]["ssys:targets"] == ["Mercury"] and item["properties"]["gsd"] == 6.0
    # Caloris, not its mirror image on another body.
    west, south, east, north = item["bbox"]
    assert west < PLACE["lon"] < east and south < PLACE["lat"] < north
    metrics = json.loads((run / "models" / "net" / "metrics.json").read_text())
    assert metrics["tiles"]["train"]["with_fractures"] > 3
    scores = json.loads((run / "evaluation" / "net" / "va.json").read_text())
    assert scores["tiles"]["with_fractures"] > 3 and scores["recipe"] == recipe


def test_tiles_of_a_mosaic_are_what_inference_sees(mosaics):
    """After the paper's run: the tiles' pixels are the mosaic's own, and the labels lie on the fractures."""
    run = mosaics / "results" / "paper"
    if not run.exists():
        config = config_of("paper", MODELS["paper"])
        goals = ["results/paper/tr/tiles/paper/tr.npz", "results/paper/tr/mosaic.tif"]
        run_snakemake(mosaics, write_config(mosaics / "paper.yaml", config), *goals)
    tiles = np.load(run / "tr" / "tiles" / "paper" / "tr.npz")
    mosaic, _, _ = read_raster(run / "tr" / "mosaic.tif")
    labels, _, _ = read_raster(run / "tr" / "labels.tif")
    assert labels.shape == mosaic.shape and labels.any()
    whole = 0
    for image, mask, row, column, turn in zip(
        *(tiles[name] for name in ("image", "mask", "row", "column", "turn_deg")), strict=True
    ):
        if turn == 0:
            part = np.s_[int(row) : int(row) + 64, int(column) : int(column) + 64]
            shape = mosaic[part].shape
            np.testing.assert_array_equal(image[: shape[0], : shape[1]], mosaic[part])
            seen = mosaic[part] > 0
            np.testing.assert_array_equal(mask[: shape[0], : shape[1]][seen], labels[part][seen])
            whole += 1
    assert whole >= 16 and float(tiles["resolution_m"]) == 6.0 and np.isnan(tiles["fact_sun_azimuth_deg"])


def test_recipe_sun_aligned_asks_for_the_suns_place(mosaics):
    config = config_of("sun_aligned", MODELS["sun_aligned"], {"sun_azimuth_deg": 275.0})
    status, text = run_snakemake(mosaics, write_config(mosaics / "no_sun.yaml", config), "-n", "all", check=False)
    assert status != 0 and "Traceback" not in text
    assert any(
        "no_sun.yaml: targets.tr.mosaic" in line and "give sun_azimuth_deg" in line for line in text.splitlines()
    )
