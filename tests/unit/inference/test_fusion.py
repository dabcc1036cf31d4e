"""Fusion: who saw better weighs more, on any part of the map."""

import numpy as np
import pytest
from affine import Affine

from imfmap.core.errors import InputError
from imfmap.inference import fusion
from imfmap.inference.fusion import fuse, image_weight, lit_weight
from imfmap.learning.probability_calibration import CALIBRATION_TAG, COMPLETENESS_TAG, THRESHOLD_TAG
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import MEDIAN_TAG, create_probability, decode, encode
from imfmap.maps.rasters import read_raster, write_raster
from tests.helpers.calibrated_places import powers
from tests.helpers.other_maps import on_another_crs

CRS = body("moon").projected("polar_stereographic", -80, 20)
GRID = MapGrid.covering(CRS, (30000, 60000, 30000 + 1.5 * 300, 60000 + 1.5 * 200), 1.5)


def facts(product="M1L", incidence_deg=60.0, ground_resolution_m=1.0):
    return ImageFacts(product, "2010-01-01T00:00:00", 90.0, incidence_deg, 1.0, 60.0, ground_resolution_m, "native")


def write(tmp_path, name, probability, image, grid=GRID, about=None):
    about = about or facts(name)
    projected, path = tmp_path / f"{name}.tif", tmp_path / f"{name}_p.tif"
    image = np.where(np.isnan(probability), np.nan, image).astype(np.float32)
    write_raster(projected, image, grid, nodata=np.nan, tags=about.tags())
    with create_probability(path, grid, {MEDIAN_TAG: 0.05}) as dataset:
        dataset.write(encode(probability), 1)
    return path, projected


def fused(tmp_path, images, grid=GRID):
    fuse([path for path, _ in images], [path for _, path in images], tmp_path / "out.tif", grid, tmp_path / "n.tif")
    return decode(read_raster(tmp_path / "out.tif")[0]), read_raster(tmp_path / "n.tif")[0]


def test_equal_images_give_their_mean_and_each_pixel_counts_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(fusion, "BLOCK_PX", 64)
    one, other = np.full(GRID.shape, 0.2), np.full(GRID.shape, 0.8)
    one[:, 200:], other[:, :100], one[:50], other[:50] = np.nan, np.nan, np.nan, np.nan
    result, seen = fused(tmp_path, [write(tmp_path, "M1L", one, 0.05), write(tmp_path, "M2R", other, 0.05)])
    expected = np.full(GRID.shape, np.nan)
    expected[50:, :100], expected[50:, 100:200], expected[50:, 200:] = 0.2, 0.5, 0.8
    np.testing.assert_allclose(result, expected, atol=0.0021)
    np.testing.assert_array_equal(seen, np.isfinite(one).astype(int) + np.isfinite(other))


def test_an_image_of_a_part_of_the_map_lands_there(tmp_path):
    part = GRID.window(120, 250, 60, 50)
    values = np.random.default_rng(1).random(part.shape)
    result, _ = fused(tmp_path, [write(tmp_path, "M1L", values, 0.05, part)])
    np.testing.assert_allclose(result[120:180, 250:300], values, atol=0.0021)
    assert np.isfinite(result).sum() == values.size


def test_another_sun_fills_a_shadow(tmp_path):
    bright, dark = np.full(GRID.shape, 0.05), np.full(GRID.shape, 0.05)
    dark[:, :150] = 0.001
    images = [
        write(tmp_path, "M1L", np.full(GRID.shape, 0.9), bright),
        write(tmp_path, "M2R", np.full(GRID.shape, 0.1), dark),
    ]
    result, _ = fused(tmp_path, images)
    assert result[:, :60].min() > 0.88
    np.testing.assert_allclose(result[:, 240:], 0.5, atol=0.01)


def test_a_fractures_own_shadow_keeps_its_weight():
    image = np.full((400, 400), 0.05, np.float32)
    image[:, 195:205] = 0.001
    assert lit_weight(image, 0.05, 101)[200, 200] > 0.95
    image[:, 60:340] = 0.001
    assert lit_weight(image, 0.05, 101)[200, 200] < 0.01
    assert lit_weight(np.full((9, 9), np.nan), 0.05, 3).max() < 0.01


def test_weights_order_images_by_what_they_show():
    noon, usual, low = (image_weight(facts(incidence_deg=angle), 1.5) for angle in (11.0, 50.0, 80.0))
    assert 0 < noon < usual < low <= 1
    sharp, coarse = (image_weight(facts(ground_resolution_m=size), 1.5) for size in (1.0, 3.0))
    assert coarse == pytest.approx(sharp / 4)


def test_other_pixels_are_refused(tmp_path):
    shifted = MapGrid(CRS, GRID.transform @ Affine.translation(0.4, 0), GRID.shape)
    coarser = MapGrid.covering(CRS, GRID.bounds, 3.0)
    elsewhere = MapGrid.covering(body("moon").projected("polar_stereographic", 80, 20), GRID.bounds, 1.5)
    for grid, differs in (
        (on_another_crs(GRID), "CRS"),
        (shifted, "transform"),
        (coarser, "transform"),
        (elsewhere, "CRS"),
    ):
        image = write(tmp_path, "M1L", np.full(grid.shape, 0.5), 0.05, grid)
        with pytest.raises(InputError, match=rf"M1L.*: its {differs} .* the target.s map"):
            fused(tmp_path, [image])
    with pytest.raises(InputError, match="no image to fuse"):
        fused(tmp_path, [])
    assert not (tmp_path / "out.tif").exists()


def test_256_images_of_one_place_are_counted_and_kept():
    class Image:
        def block(self, row, column, shape):
            return np.full(shape, 0.6, np.float32), np.ones(shape, np.float32)

    parts = fusion._fuse_block([Image()] * 256, 0, 0, (2, 3), counted=True, calibration=None)
    np.testing.assert_allclose(decode(parts["codes"]), 0.6, atol=0.0021)
    assert parts["counts"].dtype == np.uint8 and (parts["counts"] == 255).all()


def calibrated(tmp_path, name, probability, calibration, more=None):
    path, projected = write(tmp_path, name, probability, 0.05)
    tags = {MEDIAN_TAG: 0.05, CALIBRATION_TAG: calibration.tag(), THRESHOLD_TAG: 0.3, COMPLETENESS_TAG: "{}"}
    with create_probability(path, GRID, tags | (more or {})) as dataset:
        dataset.write(encode(probability), 1)
    return path, projected


def test_the_mean_of_calibrated_images_is_calibrated_once_more_where_there_are_several(tmp_path):
    """A cubic curve for two images; the left half of the map has one image, which keeps its probability."""
    curve = powers(1, 3, images=[2])
    one, other = np.full(GRID.shape, 0.8), np.full(GRID.shape, 0.6)
    other[:, :100] = np.nan
    images = [calibrated(tmp_path, "M1L", one, curve), calibrated(tmp_path, "M2R", other, curve)]
    result, _ = fused(tmp_path, images)
    np.testing.assert_allclose(result[:, :100], 0.8, atol=0.003)
    np.testing.assert_allclose(result[:, 100:], 0.7**3, atol=0.01)
    tags = read_raster(tmp_path / "out.tif")[2]
    assert tags[CALIBRATION_TAG] == curve.tag() and tags[THRESHOLD_TAG] == "0.3" and tags[COMPLETENESS_TAG] == "{}"


def test_an_image_in_shadow_is_no_second_image(tmp_path):
    curve = powers(1, 3, images=[2])
    both = np.full(GRID.shape, 0.8)
    lit, dark = calibrated(tmp_path, "M1L", both, curve), calibrated(tmp_path, "M2R", both, curve)
    image, grid, tags = read_raster(dark[1])
    image[:, :150] = 1e-6
    write_raster(dark[1], image, grid, nodata=np.nan, tags=tags)
    result, _ = fused(tmp_path, [lit, dark])
    np.testing.assert_allclose(result[:, :60], 0.8, atol=0.01)
    np.testing.assert_allclose(result[:, 240:], 0.8**3, atol=0.01)


@pytest.mark.parametrize("more", [{CALIBRATION_TAG: powers(2).tag()}, {THRESHOLD_TAG: 0.4}, {COMPLETENESS_TAG: "[]"}])
def test_images_of_two_models_are_not_fused(tmp_path, more):
    one = calibrated(tmp_path, "M1L", np.full(GRID.shape, 0.8), powers(1))
    other = calibrated(tmp_path, "M2R", np.full(GRID.shape, 0.8), powers(1), more)
    plain = write(tmp_path, "M3L", np.full(GRID.shape, 0.8), 0.05)
    for pair in ([one, other], [one, plain], [plain, one]):
        with pytest.raises(InputError, match="calibrated in another way.*infer all images"):
            fused(tmp_path, pair)
