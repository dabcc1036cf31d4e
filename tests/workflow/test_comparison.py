"""Models side by side, from their checkpoints to the tables."""

import json

import numpy as np
import pandas
import pytest
import rasterio
import torch

from imfmap.learning.models import build_model, save_checkpoint

from .conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow

MODEL = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [32, 16, 8]}
IMAGES = ("M1500004000LE", "M1500004010LE")


@pytest.fixture(scope="module")
def compared(tmp_path_factory, mini_config):
    """Path: results of a comparison of two networks of random weights, one of them Sun-aware."""
    folder = tmp_path_factory.mktemp("comparison")
    models = {}
    for seed, (name, recipe) in enumerate((("plain", "paper"), ("told", "sun_aligned"))):
        torch.manual_seed(seed)
        settings = {**MODEL, "recipe": recipe, "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
        save_checkpoint(folder / f"{name}.pt", build_model(settings), settings)
        models[name] = {"checkpoint": str(folder / f"{name}.pt"), "recipe": recipe}
    images = [
        # The first one's swath ends on the target.
        {"product": IMAGES[0], "sun_azimuth_deg": 90, "incidence_deg": 50, "offset_m": -1230},
        {"product": IMAGES[1], "sun_azimuth_deg": 240, "incidence_deg": 70},
    ]
    scene = {"extent_km": [0.3, 0.3], "simulate": {"seed": 14, "path": "direct", "images": images}}
    floor = mini_config["targets"]["floor"] | scene
    questions = {
        "places": {"title": "One model", "models": ["plain"], "tables": ["images", "maps"]},
        "sun": {"title": "Told of the Sun", "models": ["plain", "told"], "tables": ["sun"]},
    }
    config = {key: mini_config[key] for key in ("run", "recipe", "mapping")}
    config |= {"targets": {"floor": floor}, "models": models}
    config |= {"comparison": {"seeds": [1, 2], "sun_offsets_deg": [90], "questions": questions}}
    run_snakemake(folder, write_config(folder / "config.yaml", config), "comparison")
    return folder / "results" / "mini"


def cells(compared, table):
    """The main table of a page: rows by their name, cells by column."""
    lines = (compared / "comparison" / f"{table}.md").read_text().split("\n\n")[1].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:]}


def test_every_table_has_its_rows(compared):
    images, maps, sun = (cells(compared, table) for table in ("places/images", "places/maps", "sun/sun"))
    assert list(images) == ["plain", "weak labels"]
    # What was not trained here has no seeds.
    assert [(row["seeds"], row["maps"]) for row in images.values()] == [("1", "2"), ("-", "1")]
    assert list(maps) == ["plain, one image", "plain, mosaic", "plain, fused", "weak labels"]
    assert list(sun) == ["plain, not Sun-aware", "told, Sun +90 deg", "weak labels"]
    # The same scores as in the table of images.
    same = [column for column in images["plain"] if column != "model"]
    assert [sun["plain, not Sun-aware"][column] for column in same] == [images["plain"][column] for column in same]
    # One image at each place covers what all do together; both by themselves more, though one of them ends on the map.
    areas = {
        table: pandas.read_csv(compared / "comparison" / "places" / f"{table}.csv").km2 for table in ("images", "maps")
    }
    assert areas["maps"].nunique() == 1 and 1.1 < areas["images"][0] / areas["maps"][0] < 1.9


def test_scores_are_of_the_maps_they_are_named_for(compared):
    """Counted once more, in a few lines: how many pixels of fracture there are, and are hit."""
    with rasterio.open(compared / "floor" / "simulated" / "truth.tif") as dataset:
        fracture = dataset.read(1) == 1
    table = pandas.read_csv(compared / "comparison" / "places" / "maps.csv", index_col="model")
    folder = compared / "compared" / "plain" / "floor"
    for variant in ("one_image", "fused"):
        with rasterio.open(folder / f"{variant}.tif") as dataset:
            codes = dataset.read(1)
        hit = fracture & (codes >= 125) & (codes < 255)
        row = table.loc[f"plain, {variant.replace('_', ' ')}"]
        assert row.truth_recall == pytest.approx(hit.sum() / (fracture & (codes < 255)).sum(), rel=1e-4)
        assert json.loads((folder / "scores" / f"{variant}.json").read_text())["target"] == "floor"


def test_one_image_is_the_one_that_the_mosaic_shows(compared):
    with rasterio.open(compared / "floor" / "mosaic_sources.tif") as dataset:
        sources = dataset.read(1)
    assert set(np.unique(sources)) >= {1, 2}
    codes = {}
    for name in ("one_image.tif", *(f"alone/{product}.tif" for product in IMAGES)):
        with rasterio.open(compared / "compared" / "plain" / "floor" / name) as dataset:
            codes[name] = dataset.read(1)
    for number, product in enumerate(IMAGES, start=1):
        here = sources == number
        np.testing.assert_array_equal(codes["one_image.tif"][here], codes[f"alone/{product}.tif"][here])
    assert (codes["one_image.tif"][sources == 0] == 255).all()


def test_figures_are_drawn_where_there_is_something_in_them(compared):
    drawn = {
        table: {path.stem for path in (compared / "comparison" / f"{table}_figures").glob("*.png")}
        for table in ("places/images", "places/maps", "sun/sun")
    }
    common = {"precision_recall", "recall_by_width", "false_objects", "reliability"}
    assert drawn == {"places/images": common | {"by_incidence"}, "places/maps": common, "sun/sun": {"sun_error"}}
