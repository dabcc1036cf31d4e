"""Scores of a map on a scene small enough to count by hand, and on random ones against plain loops."""

import json
import math
import shutil
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from scipy.ndimage import label

from imfmap.core.errors import InputError
from imfmap.labels.truth_classes import CLASSES
from imfmap.maps.bodies import body
from imfmap.maps.components import Components
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.rasters import write_raster
from imfmap.maps.vectors import write_vector
from imfmap.scoring import blocks, counts
from imfmap.scoring.map_scores import combine, score_image, score_labels
from imfmap.scoring.scores import Scores
from tests.helpers.other_maps import on_another_crs

CRS = body("moon").projected("equirectangular", 10, 20)
# 60 rows, 100 columns of 1 m.
GRID = MapGrid.covering(CRS, (0, 300000, 100, 300060), 1.0)
FACTS = ImageFacts("M1L", "2010-01-01T00:00:00", 270.0, 50.0, 0.0, 50.0, 1.0, "native")


def rectangle(row, column, rows, columns):
    """Polygon of pixels."""
    left, top = GRID.transform * (column, row)
    right, bottom = GRID.transform * (column + columns, row + rows)
    return shapely.box(left, bottom, right, top)


def middle(row, column, rows, columns, width_m):
    """Its centreline from left to right, as the truth stores it: with the width as third coordinate."""
    left, y = GRID.transform * (column, row + rows / 2)
    return shapely.LineString([(left, y, width_m), (left + columns, y, width_m)])


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


def scored(scene, **options):
    arguments = [scene[name] for name in ("probability", "image", "truth", "vectors", "labels", "out")]
    return score_image(*arguments, **({"min_area_m2": 10.0, "target": "floor"} | options))


def found(scene, probability):
    """Write another map."""
    with create_probability(scene["probability"], GRID) as dataset:
        dataset.write(encode(probability), 1)


def test_pixels_by_hand(scene):
    scores = Scores([scored(scene)])
    # Fracture: 3 x 40 + 10 x 15 = 270 px, 75 of them found; found in all: 75 + 120 + 64 + 40 + 4.
    assert scores.pixel_scores(0.5) == pytest.approx(
        {"precision": 75 / 303, "recall": 75 / 270, "f1": 150 / (303 + 270), "iou": 75 / (303 + 270 - 75)}
    )
    assert scores.pixel_scores(0.4)["recall"] == pytest.approx(120 / 270)
    # Labelled: 200 and 60 px; of these the ridge's 60 are found.
    assert scores.pixel_scores(0.5, "label") == pytest.approx(
        {"precision": 60 / 303, "recall": 60 / 260, "f1": 120 / 563, "iou": 60 / 503}
    )
    # 3 m are 2 px of 1.5 m; 10 m are 6.7 px.
    by_width = scores.recall_by_width(0.5)
    assert (by_width["tiny"], by_width["small"]) == (75 / 120, 0.0)
    assert math.isnan(by_width["medium"])
    assert scores.share_by_width() == {"tiny": 120 / 270, "small": 150 / 270, "medium": 0, "large": 0, "huge": 0}
    # Of 60 x 95 px.
    assert scores.base_rate() == 270 / 5700
    # The image ends five columns before the map does.
    assert scores.area_km2 == pytest.approx(60 * 95e-6)


def test_objects_by_hand(scene):
    found = Scores([scored(scene)]).object_scores()
    # 25 of 40 points of the tiny fracture are covered; of the other one, which the crater shortens, none.
    assert (found["fractures"], found["recall"]) == (2, 0.5)
    assert (found["recall_by_width"]["tiny"], found["recall_by_width"]["small"]) == (1.0, 0.0)
    # The speck is too small to count. The boulder is 36 of the 64 px of what is found there.
    assert (found["objects"], found["precision"]) == (4, 1 / 4)
    per_km2 = 1 / (60 * 95e-6)
    false = {kind: count for kind, count in found["false_by_kind_per_km2"].items() if count}
    assert false == pytest.approx({"ridge": per_km2, "boulder": per_km2, "background": per_km2})
    assert found["false_per_km2"] == pytest.approx(3 * per_km2)
    assert Scores([scored(scene, min_area_m2=4.0)]).object_scores()["objects"] == 5
    # The dug part of the small fracture's centreline does not count: at 0.3 the tiny one is covered whole.
    fractures = json.loads(scene["out"].read_text())["fractures"]
    assert fractures["covered"] == {"0.3": [1.0, 0.0], "0.5": [0.625, 0.0], "0.7": [0.625, 0.0]}
    assert fractures["width_class"] == ["tiny", "small"]


def test_a_fracture_found_by_half_counts_and_one_seen_by_less_than_half_does_not(scene):
    probability = np.zeros(GRID.shape)
    probability[5:8, 10:30] = 0.9
    found(scene, probability)
    assert Scores([scored(scene)]).object_scores()["recall_by_width"]["tiny"] == 1.0
    probability[6, 29] = 0
    probability[:, 31:] = np.nan
    found(scene, probability)
    # 21 points seen, 19 covered.
    fractures = scored(scene)["fractures"]
    assert fractures["covered"]["0.5"] == [pytest.approx(19 / 21, abs=1e-4), 0.0]
    probability[:, 29:] = np.nan
    found(scene, probability)
    assert scored(scene)["fractures"]["width_class"] == ["small"]


def test_a_quarter_makes_the_kind_else_it_is_background(scene):
    for columns, kind in ((5, "ridge"), (4, "background")):
        probability = np.zeros(GRID.shape)
        # Overlaps the ridge's right end (4 rows, up to column 40).
        probability[40:44, 40 - columns : 60 - columns] = 0.9
        found(scene, probability)
        objects = scored(scene)["objects"]["0.5"]
        assert {name for name, count in objects.items() if count} == {kind}


def test_shadow_and_seam_are_told_from_other_ground(scene, monkeypatch):
    monkeypatch.setattr("imfmap.inference.shadows.NEIGHBOURHOOD_M", 5.0)
    image = np.full(GRID.shape, 0.05, np.float32)
    image[:, 95:] = np.nan
    # A shadow under the block on the ground and a part of the tiny fracture.
    image[8:17, 78:91] = 0.002
    image[0:12, 8:20] = 0.002
    write_raster(scene["image"], image, GRID, nodata=np.nan, tags=FACTS.tags())
    result = scored(scene)
    assert result["objects"]["0.5"]["shadow"] == 1
    scores = Scores([result])
    places = scores.scores_by_place(0.5)
    assert set(places) == {"lit", "shadow"}
    # The mean of 5 x 5 px is dark enough where all of them are: columns 10 to 17 of the tiny fracture, all found.
    assert places["shadow"]["recall"] == 1.0
    assert places["lit"]["recall"] == (75 - 3 * 8) / (270 - 3 * 8)
    # Two images meet below the block: all of its 40 px but the 2 upper rows are within 3 px of the seam.
    sources = np.ones(GRID.shape, np.uint8)
    sources[15:] = 2
    sources[:, 95:] = 0
    write_raster(scene["sources"], sources, GRID, nodata=0)
    result = scored(scene, sources_path=scene["sources"])
    assert (result["objects"]["0.5"]["seam"], result["objects"]["0.5"]["shadow"]) == (1, 0)
    near = np.array(result["histograms"]["seam"]["near background"])
    assert near.sum() == 6 * 95
    assert near[200] == 3 * 8


@pytest.mark.parametrize(("row", "kind"), [(3, "fracture"), (36, "ridge"), (10, "seam")])
def test_a_seam_takes_nothing_from_what_is_truly_there(scene, row, kind):
    """A detection 7 px wide on a fracture of 3 px (43 %), one 9 px wide on a ridge of 4 px, one on the ground."""
    probability = np.zeros(GRID.shape)
    probability[row : row + (9 if kind == "ridge" else 7), 11:39] = 0.9
    if kind == "seam":
        probability[:, :40] = 0
        probability[10:17, 40:60] = 0.9
    found(scene, probability)
    for seam in (False, True):
        sources = np.ones(GRID.shape, np.uint8)
        sources[row + 4 :] = 1 + seam
        write_raster(scene["sources"], sources, GRID, nodata=0)
        objects = scored(scene, sources_path=scene["sources"])["objects"]["0.5"]
        expected = kind if seam or kind != "seam" else "background"
        assert {name for name, count in objects.items() if count} == {expected}


def test_the_dark_takes_nothing_from_what_is_truly_there(scene):
    probability = np.zeros(GRID.shape)
    probability[3:10, 11:39] = 0.9
    found(scene, probability)
    image = np.full(GRID.shape, 0.05, np.float32)
    image[0:16] = 0.002
    write_raster(scene["image"], image, GRID, nodata=np.nan, tags=FACTS.tags())
    objects = scored(scene)["objects"]["0.5"]
    assert {name for name, count in objects.items() if count} == {"fracture"}
    assert Scores([scored(scene)]).object_scores()["precision"] == 1.0


def test_a_maps_shadows_are_those_of_the_image_that_the_mosaic_shows(scene, tmp_path, monkeypatch):
    monkeypatch.setattr("imfmap.inference.shadows.NEIGHBOURHOOD_M", 5.0)
    # One image is dark on the left, the other, half as bright, on the right; the mosaic shows the other from column 20.
    images = []
    for product, brightness, dark in (("M1L", 0.05, slice(0, 30)), ("M2L", 0.025, slice(40, 60))):
        image = np.full(GRID.shape, brightness, np.float32)
        image[:, dark] = 0.04 * brightness
        images.append(tmp_path / f"{product}.tif")
        write_raster(images[-1], image, GRID, nodata=np.nan, tags=replace(FACTS, product=product).tags())
    sources = np.ones(GRID.shape, np.uint8)
    sources[:, 20:] = 2
    write_raster(scene["sources"], sources, GRID, nodata=0, tags={"IMF_PRODUCTS": "M1L,M2L"})
    mosaic = np.full(GRID.shape, 100, np.uint8)
    mosaic[:, 95:] = 0
    write_raster(scene["image"], mosaic, GRID, nodata=0)
    # The images in any order.
    told = {"sources_path": scene["sources"], "shown_paths": images[::-1]}
    result = scored(scene, **told)
    dark = np.zeros(GRID.shape, bool)
    # The mean of 5 x 5 px is dark enough where all of them are, be they shown or not: the first image is dark up to 27.
    dark[:, :20] = dark[:, 42:58] = True
    with rasterio.open(scene["truth"]) as dataset:
        fracture = dataset.read(1) == CLASSES["fracture"]
    shadow = Scores([result]).scores_by_place()["shadow"]
    assert shadow["share"] == fracture[dark].sum() / 270
    # Of the tiny fracture columns 10 to 34 are found, of those in shadow 10 to 19.
    assert shadow["recall"] == 3 * 10 / fracture[dark].sum()
    assert np.sum(result["histograms"]["light"]["shadow background"]) == (dark & ~fracture).sum()
    # What lies on dark ground itself: nothing here but what is truly there, until the map says so.
    probability = np.zeros(GRID.shape)
    probability[36:38, 44:56] = 0.9
    found(scene, probability)
    assert scored(scene, **told)["objects"]["0.5"]["shadow"] == 1
    # And in the same places for another map.
    again = scored(scene, **told)["histograms"]["light"]
    assert {name: sum(row) for name, row in again.items()} == {
        name: sum(row) for name, row in result["histograms"]["light"].items()
    }
    with pytest.raises(InputError, match=r"sources.tif: is made of image 'M2L', which is not among those given"):
        scored(scene, sources_path=scene["sources"], shown_paths=images[:1])


def test_a_mosaic_gives_valid_pixels_but_no_sun(scene):
    mosaic = np.full(GRID.shape, 100, np.uint8)
    mosaic[:, 95:] = 0
    write_raster(scene["image"], mosaic, GRID, nodata=0)
    result = scored(scene)
    assert (result["incidence_deg"], result["product"]) == (None, None)
    assert result["area_km2"] == pytest.approx(60 * 95e-6)
    scores = Scores([result])
    assert scores.by_incidence() == {}
    assert scores.scores_by_place() == {}
    scene["image"] = None
    assert scored(scene)["area_km2"] == pytest.approx(60 * 100e-6)


def test_the_labels_own_score(scene):
    paths = [scene[name] for name in ("image", "truth", "vectors", "labels", "out")]
    score_labels(*paths, target="floor", min_area_m2=10.0)
    scores = combine([scene["out"]])
    # Labelled: 150 px of fracture, 50 of crater, 60 of ridge; the tiny fracture is missing.
    assert scores.pixel_scores() == pytest.approx(
        {"precision": 150 / 260, "recall": 150 / 270, "f1": 300 / 530, "iou": 150 / 380}
    )
    assert scores.pixel_scores(against="label") == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "iou": 1.0}
    found = scores.object_scores()
    assert (found["recall"], found["precision"]) == (0.5, 0.5)
    assert found["false_by_kind_per_km2"]["ridge"] > 0


def test_blocks_give_what_one_gives_and_empty_ones_are_passed_over(scene, monkeypatch):
    at_once = scored(scene)
    for module in (blocks, counts):
        monkeypatch.setattr(module, "BLOCK_PX", 16)
    assert scored(scene) == at_once


def test_maps_add_up(scene, tmp_path):
    one = scored(scene)
    files = []
    for number in range(3):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(scene["out"].read_text())
    scores = combine(files)
    assert scores.maps == 3
    assert scores.grounds == [("floor", "M1L")] * 3
    assert scores.area_km2 == pytest.approx(3 * one["area_km2"])
    assert scores.pixel_scores() == pytest.approx(Scores([one]).pixel_scores())
    assert scores.object_scores()["fractures"] == 6
    assert scores.object_scores()["false_per_km2"] == pytest.approx(Scores([one]).object_scores()["false_per_km2"])


def test_what_cannot_be_scored_is_said(scene, tmp_path):
    with pytest.raises(InputError, match="no files given"):
        combine([])
    scored(scene)
    other = json.loads(scene["out"].read_text()) | {"min_area_m2": 1.0}
    (tmp_path / "other.json").write_text(json.dumps(other))
    with pytest.raises(InputError, match=r"min_area_m2 is 1\.0, not 10\.0; score all alike"):
        combine([scene["out"], tmp_path / "other.json"])
    write_raster(scene["labels"], np.zeros((10, 10), np.uint8), GRID.window(0, 0, 10, 10))
    with pytest.raises(InputError, match=r"labels.tif: its shape, 10 x 10 pixels, is not that of .*truth.tif"):
        scored(scene)
    write_raster(scene["labels"], np.zeros(GRID.shape, np.uint8), on_another_crs(GRID))
    with pytest.raises(InputError, match=r"labels.tif: its CRS .* is not that of .*truth.tif"):
        scored(scene)


def test_nothing_valid_is_said(scene):
    found(scene, np.full(GRID.shape, np.nan))
    scene["out"].unlink(missing_ok=True)
    with pytest.raises(InputError, match="has no valid pixel"):
        scored(scene)
    assert not scene["out"].exists()


# --- scores from histograms ---


def random_scores(rng, pixels=4000):
    """Scores of random pixels, with the pixels: level and class of each."""
    classes = rng.choice(list(CLASSES.values()), pixels, p=[0.6, 0.2, 0.08, 0.04, 0.06, 0.02])
    level = np.clip(np.rint(rng.normal(np.where(classes == 1, 150, 60), 60)), 0, 250).astype(int)
    truth = {name: np.bincount(level[classes == value], minlength=251) for name, value in CLASSES.items()}
    width = dict.fromkeys(("tiny", "small", "medium", "large", "huge"), np.zeros(251, int))
    histograms = {"truth": truth, "label": {"background": truth["background"], "fracture": truth["fracture"]}}
    file = {
        "target": "floor",
        "product": "M1L",
        "area_km2": 1.0,
        "threshold": 0.5,
        "incidence_deg": 40.0,
        "histograms": histograms | {"width": width},
        "fractures": {},
        "objects": {},
    }
    return Scores([file]), level, classes


def test_low_and_high_suns_by_themselves(scene):
    """Two images of one place under a low Sun, of another under a high one, at an edge of the ranges, and a map."""
    files = [scored(scene) for _ in range(4)]
    suns = [(52.0, "floor"), (45.0, "floor"), (10.0, "wall"), (None, "wall")]
    for file, (incidence, target) in zip(files, suns, strict=True):
        file |= {"incidence_deg": incidence, "target": target}
    # Under the high Sun nothing is seen of the fractures, and the same of all else.
    truth = files[2]["histograms"]["truth"]
    truth["fracture"] = [sum(truth["fracture"])] + [0] * 250
    by_incidence = Scores(files).by_incidence()
    assert list(by_incidence) == ["0-30", "45-60"]
    low, high = by_incidence["45-60"], by_incidence["0-30"]
    assert (low.maps, high.maps) == (2, 1)
    assert low.grounds == [("floor", "M1L")] * 2
    whole = Scores(files[:1])
    assert low.hits_at_recall(0.4) == whole.hits_at_recall(0.4)
    assert low.average_precision() == whole.average_precision() > 0
    assert low.pixel_scores()["recall"] == 75 / 270
    assert high.pixel_scores()["f1"] == 0.0
    assert math.isnan(high.hits_at_recall(0.4)["ridge"])


@pytest.mark.parametrize("seed", [0, 1])
def test_curves_by_plain_loops(seed):
    scores, level, classes = random_scores(np.random.default_rng(seed))
    positive = classes == CLASSES["fracture"]
    threshold, precision, recall = scores.precision_recall()
    best = -1.0
    area, last = 0.0, 0.0
    for number in range(250, -1, -1):
        found = level >= number
        hits = (found & positive).sum()
        assert recall[number] == pytest.approx(hits / positive.sum())
        if found.any():
            assert precision[number] == pytest.approx(hits / found.sum())
            area += (recall[number] - last) * hits / found.sum()
            best = max(best, 2 * hits / (found.sum() + positive.sum()))
        last = recall[number]
    assert scores.average_precision() == pytest.approx(area)
    at, f1 = scores.best_f1()
    assert f1 == pytest.approx(best)
    assert scores.pixel_scores(at)["f1"] == pytest.approx(best)


def test_hits_at_equal_recall():
    scores, level, classes = random_scores(np.random.default_rng(3))
    positive = classes == CLASSES["fracture"]
    for recall in (0.4, 0.6, 0.8):
        found = scores.hits_at_recall(recall)
        lower = int(round(found["threshold"] * 250))
        shares = [
            [(level[classes == CLASSES[name]] >= cut).mean() for name in ("fracture", "ridge", "boulder")]
            for cut in (lower, lower + 1)
        ]
        assert shares[1][0] < recall <= shares[0][0]
        part = (recall - shares[1][0]) / (shares[0][0] - shares[1][0])
        for number, name in ((1, "ridge"), (2, "boulder")):
            assert found[name] == pytest.approx(shares[1][number] + part * (shares[0][number] - shares[1][number]))
        assert positive.mean() < found["precision"] < 1


def test_a_recall_that_only_all_pixels_reach_is_no_score():
    scores, _, _ = random_scores(np.random.default_rng(3))
    recall = scores.precision_recall()[2]
    assert math.isnan(scores.hits_at_recall((1 + recall[1]) / 2)["ridge"])
    found = scores.hits_at_recall(recall[1])
    assert recall[round(found["threshold"] * 250)] == recall[1]
    assert 0 < found["ridge"] < 1


def test_calibration_by_plain_loops():
    scores, level, classes = random_scores(np.random.default_rng(4))
    probability, positive = level / 250, classes == CLASSES["fracture"]
    mean, frequency, pixels = scores.reliability()
    expected = 0.0
    for number in range(10):
        inside = (probability >= number / 10 - 1e-9) & ((probability < (number + 1) / 10 - 1e-9) | (number == 9))
        assert pixels[number] == inside.sum()
        assert mean[number] == pytest.approx(probability[inside].mean())
        assert frequency[number] == pytest.approx(positive[inside].mean())
        expected += inside.mean() * abs(probability[inside].mean() - positive[inside].mean())
    assert scores.calibration_error() == pytest.approx(expected)


def test_a_map_that_knows_is_calibrated():
    level = np.arange(251)
    fracture = 4 * level
    truth = {name: np.zeros(251, int) for name in CLASSES} | {"fracture": fracture, "background": 1000 - fracture}
    file = {"target": "floor", "product": None, "area_km2": 1.0, "threshold": 0.5, "fractures": {}, "objects": {}}
    scores = Scores([file | {"histograms": {"truth": truth, "label": truth, "width": {}}}])
    assert scores.calibration_error() < 1e-12


# --- components over windows ---


@pytest.mark.parametrize("size", [7, 16, 40])
def test_components_over_windows_are_those_of_the_whole(size):
    mask = np.random.default_rng(size).random((50, 61)) < 0.4
    components, names = Components(61), np.full(mask.shape, -1)
    for row in range(0, 50, size):
        for column in range(0, 61, size):
            window = slice(row, row + size), slice(column, column + size)
            labels, first, _ = components.add(row, column, mask[window])
            names[window] = np.where(labels > 0, labels + first - 1, -1)
    roots = np.where(mask, components.roots()[names], -1)
    whole, count = label(mask, np.ones((3, 3)))
    pairs = np.unique(np.stack([roots[mask], whole[mask]]), axis=1)
    assert pairs.shape[1] == count == len(np.unique(roots[mask]))


def test_nothing_is_connected_through_a_window_that_is_left_out():
    components = Components(9)
    for row, column in ((0, 0), (0, 6), (6, 0)):
        components.add(row, column, np.ones((3, 3), bool))
    assert len(set(components.roots())) == 3
