"""Polygons: those of the raster at once, whatever the windows."""

import numpy as np
import pytest
import shapely
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter, label

from imfmap.core.choices import THRESHOLD
from imfmap.core.errors import InputError
from imfmap.fractures import polygons
from imfmap.fractures.polygons import map_threshold, vectorise
from imfmap.learning.probability_calibration import THRESHOLD_TAG
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.probability_raster import create_probability, decode, encode

CRS = body("moon").projected("equirectangular", 36, 102)


def write(path, probability):
    grid = MapGrid.covering(CRS, (150, 300, 150 + 1.5 * probability.shape[1], 300 + 1.5 * probability.shape[0]), 1.5)
    with create_probability(path, grid) as dataset:
        dataset.write(encode(probability), 1)
    return grid


def blobs(sigma, shape=(80, 110), seed=3):
    values = np.random.default_rng(seed).random(shape)
    values = gaussian_filter(values, sigma) if sigma else values
    values = (values - values.min()) / np.ptp(values)
    values[:20, :30] = np.nan
    return values


@pytest.mark.parametrize(("sigma", "threshold", "hysteresis"), [(0, 0.6, None), (1, 0.5, None), (2, 0.7, 0.55)])
def test_windows_give_what_one_gives(tmp_path, sigma, threshold, hysteresis):
    probability = blobs(sigma)
    grid = write(tmp_path / "p.tif", probability)
    at_once = vectorise(tmp_path / "p.tif", threshold, hysteresis, window_px=4096)
    for window_px in (11, 32, 75):
        by_windows = vectorise(tmp_path / "p.tif", threshold, hysteresis, window_px=window_px)
        assert len(by_windows) == len(at_once)
        assert all(shapely.equals_exact(at_once.geometry.values, by_windows.geometry.values, tolerance=0))
    # And what one gives is the raster.
    assert at_once.is_valid.all()
    stored = decode(encode(probability))
    low = stored >= (hysteresis or threshold) - 1e-6
    labels, count = label(low, np.ones((3, 3)))
    peaks = [stored[labels == number].max() for number in range(1, count + 1)]
    wanted = [number for number, peak in enumerate(peaks, start=1) if peak >= threshold - 1e-6]
    assert len(at_once) == len(wanted)
    drawn = rasterize(at_once.geometry, grid.shape, transform=grid.transform)
    np.testing.assert_array_equal(drawn.astype(bool), np.isin(labels, wanted))


def test_a_fracture_across_windows_is_one_polygon_without_extra_corners(tmp_path):
    probability = np.zeros((100, 100))
    probability[40:44, 5:95] = 0.9
    write(tmp_path / "p.tif", probability)
    frame = vectorise(tmp_path / "p.tif", 0.5, window_px=16)
    (polygon,) = frame.geometry
    assert polygon.bounds == (150 + 7.5, 300 + 1.5 * 56, 150 + 142.5, 300 + 1.5 * 60)
    assert len(polygon.exterior.coords) == 5
    assert frame.crs == CRS


def test_a_diagonal_thread_is_one_fracture(tmp_path):
    write(tmp_path / "p.tif", np.eye(40) * 0.8)
    for window_px in (7, 64):
        frame = vectorise(tmp_path / "p.tif", 0.5, window_px=window_px)
        assert len(frame) == 1 and frame.area.iloc[0] == pytest.approx(40 * 2.25)


def test_thresholds_to_the_code(tmp_path):
    write(tmp_path / "p.tif", np.array([[0.496, 0.0, 0.5, 0.0, 1.0]]))
    assert vectorise(tmp_path / "p.tif", 0.5).area.tolist() == [2.25, 2.25]
    assert vectorise(tmp_path / "p.tif", 0.504).area.tolist() == [2.25]
    with pytest.raises(InputError, match="hysteresis: 0.7 is above the threshold 0.5"):
        vectorise(tmp_path / "p.tif", 0.5, 0.7)


def test_nothing_there(tmp_path):
    write(tmp_path / "p.tif", np.full((30, 30), np.nan))
    frame = vectorise(tmp_path / "p.tif", 0.5)
    assert len(frame) == 0 and frame.crs == CRS


@pytest.mark.parametrize(
    ("limit", "said"), [("MOST_PARTS", "separate detections, and the limit is 100"), ("MOST_CORNERS", "corners of")]
)
def test_a_probability_that_is_noise_is_refused_before_its_polygons_are_made(tmp_path, monkeypatch, limit, said):
    write(tmp_path / "p.tif", np.indices((40, 40)).sum(axis=0) % 2.0)
    monkeypatch.setattr(polygons, limit, 100)
    monkeypatch.setattr(polygons, "shapes", None)
    with pytest.raises(InputError, match=said):
        vectorise(tmp_path / "p.tif", 0.5)


def test_the_threshold_is_the_users_else_the_models_own(tmp_path):
    grid = write(tmp_path / "old.tif", np.full((8, 8), 0.4))
    with create_probability(tmp_path / "own.tif", grid, {THRESHOLD_TAG: 0.312}) as dataset:
        dataset.write(encode(np.full((8, 8), 0.4)), 1)
    assert map_threshold(tmp_path / "own.tif") == 0.312
    assert map_threshold(tmp_path / "old.tif") == THRESHOLD
    assert map_threshold(tmp_path / "own.tif", 0.6) == map_threshold(tmp_path / "old.tif", 0.6) == 0.6
