"""Scores of a map on a scene small enough to count by hand, and on random ones against plain loops."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import rasterio

from imfmap.core.errors import InputError
from imfmap.labels.truth_classes import CLASSES
from imfmap.maps.rasters import write_raster
from imfmap.scoring.probability_scores import combine_scores, score_labels
from imfmap.scoring.scores import Scores
from tests.helpers.other_maps import on_another_crs
from tests.helpers.scored_scenes import FACTS, GRID, found, scored


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
    scores = combine_scores([scene["out"]])
    # Labelled: 150 px of fracture, 50 of crater, 60 of ridge; the tiny fracture is missing.
    assert scores.pixel_scores() == pytest.approx(
        {"precision": 150 / 260, "recall": 150 / 270, "f1": 300 / 530, "iou": 150 / 380}
    )
    assert scores.pixel_scores(against="label") == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "iou": 1.0}
    found = scores.object_scores()
    assert (found["recall"], found["precision"]) == (0.5, 0.5)
    assert found["false_by_kind_per_km2"]["ridge"] > 0


def test_maps_add_up(scene, tmp_path):
    one = scored(scene)
    files = []
    for number in range(3):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(scene["out"].read_text())
    scores = combine_scores(files)
    assert scores.maps == 3
    assert scores.grounds == [("floor", "M1L")] * 3
    assert scores.area_km2 == pytest.approx(3 * one["area_km2"])
    assert scores.pixel_scores() == pytest.approx(Scores([one]).pixel_scores())
    assert scores.object_scores()["fractures"] == 6
    assert scores.object_scores()["false_per_km2"] == pytest.approx(Scores([one]).object_scores()["false_per_km2"])


def test_what_cannot_be_scored_is_said(scene, tmp_path):
    with pytest.raises(InputError, match="no files given"):
        combine_scores([])
    scored(scene)
    other = json.loads(scene["out"].read_text()) | {"min_area_m2": 1.0}
    (tmp_path / "other.json").write_text(json.dumps(other))
    with pytest.raises(InputError, match=r"min_area_m2 is 1\.0, not 10\.0; score all maps with one threshold"):
        combine_scores([scene["out"], tmp_path / "other.json"])
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
