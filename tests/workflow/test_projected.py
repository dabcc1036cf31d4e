"""Images that were projected elsewhere, through the workflow: both recipes, shifts, one more, and one that fails."""

import copy
import json
import re

import numpy as np
import pytest
import rasterio
import torch
from affine import Affine

from imfmap.learning.models import build_model, save_checkpoint
from imfmap.maps.rasters import read_raster
from imfmap.maps.stretching import stretch_to_8bit
from imfmap.maps.target_grid import target_grid
from imfmap.simulate.direct_imaging import image_to_map
from imfmap.simulate.scene import make_scene

from .conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow

PLACE = {"lat": -10.4, "lon": -165.0, "diameter_km": 1, "extent_km": [0.4, 0.4]}
MODEL = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [32, 16, 8]}
SUNS = {"first (1).tif": (275, 50), "second.tif": (75, 60), "third.tif": (120, 55)}
# Metres by which the second image lies too far to the left and too far up.
SHIFT_M = (9.0, -4.5)
RUN = "results/projected"
WANTED = [f"{RUN}/floor/{name}" for name in ("fractures.gpkg", "summary.json", "mosaic.tif")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Path: three 8-bit images of a simulated floor with a white frame that no nodata value tells, and two networks."""
    folder = tmp_path_factory.mktemp("projected")
    grid = target_grid({**PLACE, "body": "moon", "projection": "equirectangular", "resolution_m": 1.5})
    make_scene({"seed": 5}, grid, folder / "scene")
    rows = ["product;azimut;sun_azimuth_deg;incidence_deg"]
    for number, (name, sun) in enumerate(SUNS.items()):
        image = {"product": f"M15000040{number}0LE", "sun_azimuth_deg": sun[0], "incidence_deg": sun[1]}
        image_to_map(folder / "scene" / "terrain.tif", image, grid, folder / "image.tif", 5)
        counts = stretch_to_8bit(read_raster(folder / "image.tif")[0], (0, 0.1))
        counts = np.pad(np.minimum(np.maximum(counts, 1) - 1, 254), 12, constant_values=255)
        away = [-metres if name == "second.tif" else 0.0 for metres in SHIFT_M]
        transform = Affine.translation(*away) * grid.transform * Affine.translation(-12, -12)
        profile = {"height": counts.shape[0], "width": counts.shape[1], "count": 1, "dtype": "uint8", "driver": "GTiff"}
        crs = "+proj=eqc +lat_ts=-10.4 +lon_0=-165 +R=1737400 +units=m"
        with rasterio.open(folder / name, "w", crs=crs, transform=transform, **profile) as dataset:
            dataset.write(counts, 1)
        rows.append(f"{name};;{sun[0]};{sun[1]},5")
    (folder / "suns.csv").write_text("\n".join(rows) + "\n")
    for recipe in ("sun_aligned", "paper"):
        torch.manual_seed(1)
        settings = {**MODEL, "recipe": recipe, "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
        save_checkpoint(folder / f"{recipe}.pt", build_model(settings), settings)
    return folder


def config(recipe, names):
    return {
        "run": {"name": "projected"},
        "recipe": recipe,
        "models": {"net": {"checkpoint": f"{recipe}.pt", "recipe": recipe}},
        "inference": {"device": "cpu"},
        "training": {"threads": 1},
        "mapping": {"floor": False},
        "targets": {"floor": {**PLACE, "role": "map", "projected": list(names), "image_table": "suns.csv"}},
    }


def jobs(text):
    stats = text.split("Job stats:")[1].split("Reasons:")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", stats, re.MULTILINE) if name != "total"}


@pytest.fixture(scope="module")
def mapped(folder):
    """str: what a run of recipe sun_aligned with two images said."""
    return run_snakemake(folder, write_config(folder / "c.yaml", config("sun_aligned", list(SUNS)[:2])), *WANTED)


def test_images_are_mapped_and_laid_on_the_first(folder, mapped):
    images = {row["product"]: row for row in json.loads((folder / RUN / "floor/summary.json").read_text())["images"]}
    assert list(images) == ["first_1_", "second"]
    assert images["second"]["incidence_deg"] == 60.5 and images["second"]["emission_deg"] is None
    shift = images["second"]["coregistration"]
    assert shift["moved"] and shift["reference"] == "first_1_"
    assert (shift["right_m"], shift["up_m"]) == (pytest.approx(SHIFT_M[0], abs=0.5), pytest.approx(SHIFT_M[1], abs=0.5))
    assert "co-registered with first_1_: 1 of 1 images were moved, by 10." in mapped
    values, _, _ = read_raster(folder / RUN / "floor/projected/first_1_.tif")
    assert np.isfinite(values).all() and values.max() < 255


def test_one_image_more_is_the_only_new_image(folder, mapped):
    new = config("sun_aligned", SUNS)
    planned = jobs(run_snakemake(folder, write_config(folder / "d.yaml", new), "--dry-run", *WANTED))
    assert {name: planned.get(name) for name in ("project_raster", "coregister", "infer_image", "fuse", "mosaic")} == {
        name: 1 for name in ("project_raster", "coregister", "infer_image", "fuse", "mosaic")
    }
    # A line of the table that is for another image changes nothing.
    table = folder / "suns.csv"
    text = table.read_text()
    table.write_text(text.replace("120;55,5", "121;55,5"))
    same = run_snakemake(
        folder, write_config(folder / "c.yaml", config("sun_aligned", list(SUNS)[:2])), "--dry-run", *WANTED
    )
    table.write_text(text)
    assert "Nothing to be done" in same


def test_recipe_paper_searches_their_mosaic(folder):
    wanted = config("paper", list(SUNS)[:2]) | {"run": {"name": "paper"}}
    run_snakemake(folder, write_config(folder / "p.yaml", wanted), "results/paper/floor/probability.tif")
    _, _, tags = read_raster(folder / "results/paper/floor/mosaic_sources.tif")
    assert tags["IMF_PRODUCTS"] == "first_1_,second"


def test_a_reference_that_fails_is_left_out_and_the_others_go_on(folder):
    wanted = config("sun_aligned", SUNS) | {"run": {"name": "left"}, "processing": {"allow_missing": True}}
    wanted = copy.deepcopy(wanted)
    (folder / "broken.tif").write_bytes(b"no image")
    wanted["targets"]["floor"]["projected"] = ["broken.tif", "second.tif"]
    run_snakemake(folder, write_config(folder / "l.yaml", wanted), "results/left/floor/mosaic.tif")
    left = (folder / "results/left/floor/left_out.csv").read_text().splitlines()
    assert len(left) == 2 and left[1].startswith("broken,project_raster,") and "cannot be opened as a raster" in left[1]
    assert read_raster(folder / "results/left/floor/mosaic_sources.tif")[2]["IMF_PRODUCTS"] == "second"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"image_table": "no.csv"}, "targets.floor.image_table: there is no file "),
        ({"projected": ["no.tif"]}, "targets.floor.projected: there is no file "),
        ({"edrs": ["a.IMG"]}, "has edrs and projected"),
        ({"image_table": "twice.csv"}, "twice.csv: lines 2 and 3 are both for second.tif"),
    ],
)
def test_what_cannot_work_ends_in_one_line(folder, change, said):
    (folder / "twice.csv").write_text("product,incidence_deg\nsecond,1\nsecond.tif,2\n")
    wrong = config("sun_aligned", ["second.tif"])
    wrong["targets"]["floor"] |= change
    status, text = run_snakemake(folder, write_config(folder / "w.yaml", wrong), "--dry-run", *WANTED, check=False)
    assert status != 0 and said in text and "Traceback" not in text
