"""What the tests of this package share."""

import json
import shutil

import geopandas as gpd
import numpy as np
import pytest

from imfmap.labels.truth_classes import CLASSES
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.rasters import write_raster
from imfmap.maps.vectors import write_vector
from imfmap.scoring.comparison import write_comparison
from tests.helpers.score_files import SCALE, score_file
from tests.helpers.scored_scenes import CRS, FACTS, GRID, middle, rectangle


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folder of a comparison of two models of three seeds and one of one seed, its table, and the score files."""
    folder = tmp_path_factory.mktemp("comparison")
    models = []
    for name, good, seeds in (("paper", 0.55, (1, 2, 3)), ("imfmap <sun>", 0.8, (1, 2, 3)), ("fetched", 0.5, (0,))):
        for seed in seeds:
            stem = f"{name[:3]}{seed}"
            scores = [
                score_file(folder / f"{stem}_{number}.json", good + 0.02 * seed, incidence, product=product)
                for number, (product, incidence) in enumerate((("M1L", 40.0), ("M2L", 65.0)))
            ]
            metrics = None if name == "fetched" else folder / f"{stem}.metrics.json"
            if metrics:
                trained = {
                    "training_s": 600 * seed,
                    "best": {"validation_f1": 0.1, "validation_pooled_f1": 0.3 + seed / 10},
                }
                trained |= {"tiles": {"train": {"with_fractures": 30, "without_fractures": 12}}, "device": "a card"}
                trained["settings"] = {"architecture": "unet", "encoder": "tiny", "weights": None, **SCALE}
                metrics.write_text(json.dumps(trained))
            models.append({"name": name, "seed": seed, "scores": scores, "metrics": metrics})
    labels = [score_file(folder / "labels.json", 0.9, area_km2=2.0)]
    outputs = [folder / f"table.{suffix}" for suffix in ("csv", "md", "html")]
    table = write_comparison(models, *outputs, folder / "figures", labels=labels, title="Trial")
    return folder, table.set_index("model"), models


@pytest.fixture
def scene(made, tmp_path):
    """A scene's files for one test; see `made`."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    names = {name: f"{name}.tif" for name in ("probability", "image", "truth", "labels", "sources")}
    names |= {"vectors": "truth.gpkg", "out": "score.json"}
    return {name: tmp_path / file for name, file in names.items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Folder of a scene made by hand.

    Truth: a tiny fracture of 3 x 40 px and a small one of 10 x 20 px (200 px), of which a crater dug out the last 5
    columns; a ridge of 4 x 30 px, a boulder of 6 x 6 px, a trail of 2 x 20 px. Label: the small fracture as it was
    (10 x 20) and half of the ridge by mistake. The map (0.8): 25 columns of the tiny fracture, the ridge, the boulder
    and 5 px round it, a block of 5 x 8 on the ground, a speck of 4 px; at 0.4 the rest of the tiny fracture.
    """
    truth = np.zeros(GRID.shape, np.uint8)
    truth[5:8, 10:50] = CLASSES["fracture"]
    truth[20:30, 10:30] = CLASSES["fracture"]
    truth[18:32, 25:37] = CLASSES["crater"]
    truth[40:44, 10:40] = CLASSES["ridge"]
    truth[40:46, 60:66] = CLASSES["boulder"]
    truth[50:52, 60:80] = CLASSES["trail"]
    labels = np.zeros(GRID.shape, np.uint8)
    labels[20:30, 10:30] = 1
    labels[40:44, 10:25] = 1
    probability = np.zeros(GRID.shape)
    probability[5:8, 10:50] = 0.4
    probability[5:8, 10:35] = 0.8
    probability[40:44, 10:40] = 0.8
    probability[39:47, 59:67] = 0.8
    probability[10:15, 80:88] = 0.8
    probability[55:57, 90:92] = 0.8
    image = np.full(GRID.shape, 0.05, np.float32)
    image[:, 95:] = np.nan
    folder = tmp_path_factory.mktemp("scene")
    paths = {name: folder / f"{name}.tif" for name in ("probability", "image", "truth", "labels")}
    with create_probability(paths["probability"], GRID) as dataset:
        dataset.write(encode(probability), 1)
    write_raster(paths["image"], image, GRID, nodata=np.nan, tags=FACTS.tags())
    write_raster(paths["truth"], truth, GRID)
    write_raster(paths["labels"], labels, GRID)
    sizes = {"width_m": [3.0, 10.0], "length_m": [40.0, 20.0]}
    shapes = [rectangle(5, 10, 3, 40), rectangle(20, 10, 10, 15)]
    lines = [middle(5, 10, 3, 40, 3.0), middle(20, 10, 10, 20, 10.0)]
    objects = gpd.GeoDataFrame({"kind": ["ridge"]}, geometry=[rectangle(40, 10, 4, 30)], crs=CRS)
    layers = {
        "fractures": gpd.GeoDataFrame(sizes, geometry=shapes, crs=CRS),
        "centrelines": gpd.GeoDataFrame(sizes, geometry=lines, crs=CRS),
        "objects": objects,
    }
    write_vector(folder / "truth.gpkg", layers)
    return folder
