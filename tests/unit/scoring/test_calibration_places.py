"""Places are read and mapped as a run would, and laid beside their truth."""

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.fractures.completeness import FEATURES
from imfmap.learning.probability_calibration import CALIBRATION_TAG
from imfmap.maps.probability_raster import MEDIAN_TAG, NODATA, create_probability
from imfmap.maps.rasters import read_raster
from imfmap.scoring import calibration_places
from imfmap.scoring.calibration_places import maps_of_place
from tests.helpers.calibrated_places import powers, write_place


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_place(tmp_path_factory.mktemp("places"), "a", seed=1)


def test_all_pixels_are_read(files):
    place = files.read()
    truth, raw = read_raster(files.classes)[0], read_raster(files.probabilities[1])[0]
    assert place.codes.shape == (2, truth.size) and place.fracture.sum() == (truth == 1).sum()
    # Blocks come one after the other: the same pixels in another order.
    np.testing.assert_array_equal(np.sort(place.codes[1]), np.sort(raw.ravel()))
    assert (place.codes[1][place.fracture].mean()) == pytest.approx(raw[truth == 1].mean())
    assert (place.weights > 0).all() and place.weights[1].mean() > place.weights[0].mean()


def test_of_a_large_place_a_regular_sample_is_read(files, monkeypatch):
    monkeypatch.setattr(calibration_places, "MOST_PIXELS", 240 * 240 / 4)
    place = files.read()
    assert len(place.fracture) == 240 * 240 / 4
    sample = read_raster(files.probabilities[0])[0][::2, ::2]
    np.testing.assert_array_equal(np.sort(place.codes[0]), np.sort(sample.ravel()))


def test_probabilities_that_are_calibrated_already_are_refused(files, tmp_path):
    codes, grid, _ = read_raster(files.probabilities[0])
    with create_probability(tmp_path / "p.tif", grid, {MEDIAN_TAG: 0.05, CALIBRATION_TAG: powers(2).tag()}) as out:
        out.write(codes, 1)
    other = calibration_places.PlaceFiles("a", [tmp_path / "p.tif"], files.images[:1], files.classes)
    with pytest.raises(InputError, match="p.tif: is calibrated already"):
        other.read()


def test_a_place_without_a_probability_is_refused(files, tmp_path):
    codes, grid, tags = read_raster(files.probabilities[0])
    with create_probability(tmp_path / "p.tif", grid, tags) as out:
        out.write(np.full_like(codes, NODATA), 1)
    with pytest.raises(InputError, match="leave this target out"):
        calibration_places.PlaceFiles("a", [tmp_path / "p.tif"], files.images[:1], files.classes).read()


def test_maps_are_laid_beside_the_truth(files, tmp_path):
    one, both = maps_of_place(files, [(0,), (0, 1)], powers(1), 0.4, 60.0, tmp_path)
    assert (one.images, both.images) == (1, 2)
    for made in (one, both):
        assert len(made.fractures) == 8 == len(made.features) and made.features.shape[1] == len(FEATURES)
        assert made.true_sums("number").sum() == 8
        assert made.true_sums("length").sum() == pytest.approx(made.fractures["length_m"].sum())
        assert made.found["true_share"].between(0, 1).all() and made.found["true_share"].mean() > 0.5
        counted = made.found["confidence"] * made.found["total_length_m"]
        assert made.mapped.length.sum() == pytest.approx(counted.sum())
    np.testing.assert_allclose(both.features[:, FEATURES.index("log_images")], np.log(2), atol=0.05)
    # The network of this place sees what lies across the Sun: its fractures are found more often than the others.
    across = one.features[:, FEATURES.index("across_sun")]
    covered = one.fractures["covered"].to_numpy()[np.argsort(across)]
    assert covered[-3:].mean() > covered[:3].mean()
