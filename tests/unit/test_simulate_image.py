"""The simulated NAC: what it sends down is an EDR that calibration turns back into the ground's brightness."""

import hashlib

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from imfmap.bodies import body
from imfmap.calibration import calibrate, remove_echo
from imfmap.calibration_files import CalibrationFiles
from imfmap.camera import LineScanCamera
from imfmap.errors import InputError
from imfmap.grids import MapGrid
from imfmap.labels import read_labels
from imfmap.pds import read_edr, verify_md5
from imfmap.rasters import create_raster, read_raster
from imfmap.simulate.calibration_set import write_calibration_set
from imfmap.simulate.imaging import SCENE_BOUNDS_TAG, image_scene, map_azimuth, observe
from imfmap.simulate.orbit import preroll_time, product_id_of
from imfmap.simulate.scene import make_scene
from imfmap.simulate.sensor import ELECTRONS_A_COUNT, READ_NOISE_ELECTRONS, expose
from imfmap.simulate.settings import ImageSettings
from imfmap.simulate.terrain import make_terrain
from imfmap.truth import CLASSES
from imfmap.vectors import layers_of, read_vector

CRS = body("moon").projected("equirectangular", 35.0, 102.0)
SUMMED_LEFT = {"product": "M1400000000LE", "sun_azimuth_deg": 250.0, "incidence_deg": 50.0}
NATIVE_RIGHT = {
    "product": "M1400700000RE",
    "sun_azimuth_deg": 95.0,
    "incidence_deg": 30.0,
    "camera": "right",
    "summing": 1,
    "ascending": True,
    "altitude_km": 80.0,
}


@pytest.fixture(scope="module")
def calibration_dir(tmp_path_factory):
    directory = tmp_path_factory.mktemp("calibration")
    write_calibration_set(directory, 1, [SUMMED_LEFT, NATIVE_RIGHT])
    return directory


def write_ground(path, height_m, albedo, grid, bounds):
    tags = {SCENE_BOUNDS_TAG: " ".join(map(str, bounds))}
    with create_raster(path, grid, "float32", bands=2, tags=tags, overviews=False) as dataset:
        dataset.write(height_m.astype(np.float32), 1)
        dataset.write(albedo.astype(np.float32), 2)


def take(ground, image, calibration_dir, folder, seed=3):
    edr, isd = folder / f"{image['product']}.IMG", folder / f"{image['product']}.json"
    camera = image_scene(ground, image, calibration_dir, edr, isd, seed)
    opened = read_edr(edr)
    return camera, opened, remove_echo(calibrate(opened, calibration_dir), opened.label), isd


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """Level ground with bright spots, half of them on a plateau."""
    grid = MapGrid.centred(CRS, 102.0, 35.0, 330.0, 330.0, 0.75)
    spots = [(120.0, 100.0), (120.0, 340.0), (320.0, 120.0), (330.0, 350.0)]
    rows, columns = np.mgrid[: grid.shape[0], : grid.shape[1]]
    height = np.where(rows > grid.shape[0] / 2, 400.0, 0.0)
    albedo = np.full(grid.shape, 0.5)
    for row, column in spots:
        albedo += 2.0 * np.exp(-0.5 * ((rows - row) ** 2 + (columns - column) ** 2) / 2.0**2)
    path = tmp_path_factory.mktemp("ground") / "terrain.tif"
    inner = tuple(edge + shift for edge, shift in zip(grid.bounds, (30, 30, -30, -30), strict=True))
    write_ground(path, height, albedo, grid, inner)
    return path, grid, [(row, column, height[int(row), int(column)]) for row, column in spots]


@pytest.mark.parametrize(
    "image", [SUMMED_LEFT, NATIVE_RIGHT | {"offset_m": 600.0}], ids=["summed left", "native right"]
)
def test_spots_lie_where_the_camera_says(marked, calibration_dir, tmp_path, image):
    path, grid, spots = marked
    camera, _, iof, isd = take(path, image, calibration_dir, tmp_path)
    from_isd = LineScanCamera.from_isd(isd)
    for row, column, height_m in spots:
        lon, lat = grid.lonlat(row, column)
        line, sample = from_isd.ground_to_image(lon, lat, height_m)
        assert np.hypot(*(np.array(camera.ground_to_image(lon, lat, height_m)) - [line, sample])) < 1e-3
        r, c = int(round(float(line))) - 1, int(round(float(sample))) - 1
        patch = iof[r - 7 : r + 8, c - 7 : c + 8] - np.median(iof[r - 20 : r + 21, c - 20 : c + 21])
        weight = np.where(patch > 0.25 * patch.max(), patch, 0.0)
        rows, columns = np.mgrid[r - 7 : r + 8, c - 7 : c + 8] + 1.0
        found = np.array([(weight * rows).sum(), (weight * columns).sum()]) / weight.sum()
        assert np.hypot(*(found - [line, sample])) < 0.25, f"spot at height {height_m}"


def test_camera_sees_the_sun_that_was_asked_for(marked, calibration_dir, tmp_path):
    for image in (SUMMED_LEFT, NATIVE_RIGHT):
        camera, edr, _, _ = take(marked[0], image, calibration_dir, tmp_path)
        line, sample = camera.ground_to_image(102.0, 35.0)
        incidence, emission, _ = camera.angles(line, sample)
        assert incidence == pytest.approx(image["incidence_deg"], abs=0.01)
        assert emission < 1.0
        assert camera.sun_ground_azimuth_deg(line, sample) == pytest.approx(image["sun_azimuth_deg"], abs=0.05)
        assert line == pytest.approx(camera.lines / 2, abs=3)
        across = camera.ground_resolution_m(line, sample)
        along = camera.ground_to_image(102.0, 35.002)[0] - line
        along_m = 0.002 * np.pi / 180 * body("moon").radius_m / abs(along)
        assert along_m == pytest.approx(across, rel=0.02), "lines as long as samples are wide"
        assert edr.label.start_time[:23] == camera.start_time[:23]


@pytest.mark.parametrize("image", [SUMMED_LEFT, NATIVE_RIGHT], ids=["summed left", "native right"])
def test_calibration_undoes_the_sensor_within_noise(marked, calibration_dir, tmp_path, image):
    path, *_ = marked
    _, edr, _, _ = take(path, image, calibration_dir, tmp_path)
    label = edr.label
    rng = np.random.default_rng(2)
    truth = (0.03 + 0.05 * rng.random((60, label.samples // 25 + 1)).repeat(25, 1)[:, : label.samples]).astype(
        np.float32
    )
    truth *= 0.55 if image is NATIVE_RIGHT else 1.0
    codes = expose(truth, label, calibration_dir, np.random.default_rng(5))
    counts = edr.counts[codes]

    class Sent:
        pass

    sent = Sent()
    sent.label, sent.image, sent.max_count = label, counts, float(counts.max())
    back = remove_echo(calibrate(sent, calibration_dir), label)
    step = 2 // label.summing
    active = slice(45 * step, -45 * step)
    counts_per_iof = label.exposure_ms * CalibrationFiles.of(calibration_dir, label).responsivity("iof")
    signal = truth[:, active] * counts_per_iof
    span = 1.0 / np.asarray(label.mterm)[np.searchsorted(label.xterm[1:], counts[:, active])]
    variance = (
        signal / ELECTRONS_A_COUNT + (READ_NOISE_ELECTRONS / ELECTRONS_A_COUNT) ** 2
    ) / label.summing + span**2 / 12
    error = (back - truth)[:, active] * counts_per_iof
    assert abs(error.mean()) < 1.0
    # Taking the echo out adds the noise of earlier pixels; flat field and distance scale it a little.
    ratio = np.sqrt(np.mean(error**2) / np.mean(variance))
    assert 0.9 < ratio < 1.5
    assert np.corrcoef(back[:, active].ravel(), truth[:, active].ravel())[0, 1] > 0.97


def test_same_seed_same_bytes(marked, calibration_dir, tmp_path):
    digests = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        take(marked[0], SUMMED_LEFT, calibration_dir, tmp_path / name, seed)
        digests.append([hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted((tmp_path / name).iterdir())])
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]
    verify_md5(tmp_path / "a" / "M1400000000LE.IMG")


def test_a_broken_image_fails_its_checksum(marked, calibration_dir, tmp_path):
    _, edr, _, _ = take(marked[0], SUMMED_LEFT, calibration_dir, tmp_path)
    data = bytearray(edr.path.read_bytes())
    data[-1] ^= 1
    edr.path.write_bytes(data)
    with pytest.raises(InputError, match="MD5"):
        verify_md5(edr.path)


def test_scene_on_disk_and_direct_path(tmp_path, calibration_dir):
    settings = {"seed": 8, "margin_m": 60.0, "wall_share": 0.0, "fracture_km_per_km2": 12.0, "ridge_share": 0.4}
    grid = MapGrid.centred(CRS, 102.0, 35.0, 360.0, 360.0, 1.5)
    terrain = make_scene(settings, grid, tmp_path)
    truth, truth_grid, _ = read_raster(tmp_path / "truth.tif")
    assert truth_grid.shape == grid.shape and truth_grid.transform == grid.transform
    np.testing.assert_array_equal(truth, terrain.classes(grid))
    assert {"fractures", "centrelines", "objects"} == set(layers_of(tmp_path / "truth.gpkg"))
    fractures = read_vector(tmp_path / "truth.gpkg", "fractures", crs=grid.crs, columns=("width_m",))
    assert len(fractures) == len(terrain.fractures)
    assert {"boulder", "crater", "ridge"} <= set(read_vector(tmp_path / "truth.gpkg", "objects").kind)
    labels = read_labels(tmp_path / "labels.gpkg", grid.crs)
    assert (labels.layer == "lines").any()
    assert {"floor", "ponds"} == set(layers_of(tmp_path / "boundary.gpkg"))

    camera, _, iof, _ = take(tmp_path / "terrain.tif", SUMMED_LEFT, calibration_dir, tmp_path)
    lon, lat = grid.lonlat(np.arange(grid.shape[0])[:, None], np.arange(grid.shape[1])[None, :])
    line, sample = camera.ground_to_image(lon, lat)
    full = map_coordinates(iof, [line - 1, sample - 1], order=3)
    azimuth_deg = map_azimuth(terrain.grid, 102.0, 35.0, SUMMED_LEFT["sun_azimuth_deg"])
    direct = observe(terrain, grid, azimuth_deg, 50.0, np.random.default_rng(1))
    assert direct.mean() == pytest.approx(full.mean(), rel=0.01)
    assert np.corrcoef(direct.ravel(), full.ravel())[0, 1] > 0.97
    assert (truth == CLASSES["fracture"]).any()


def test_time_and_name_of_products():
    # Times of the real images of these numbers (their labels in ISIS's test data).
    for product, utc in (("M143947267LE", "2010-11-09T13:06:39.982"), ("M1333276014RE", "2020-01-10T06:12:26.914")):
        difference = preroll_time(product) - np.datetime64(utc).astype("datetime64[ms]").astype(object)
        assert abs(difference.total_seconds()) < 2.0
    image = ImageSettings("M1400000000", 90.0, 40.0, camera="right")
    assert product_id_of(image) == "M1400000000RE"
    with pytest.raises(InputError, match="is no image of the right camera"):
        product_id_of(ImageSettings("M1400000000LE", 90.0, 40.0, camera="right"))


def test_direct_path_needs_no_files():
    grid = MapGrid.centred(CRS, 102.0, 35.0, 200.0, 150.0, 1.5)
    terrain = make_terrain({"seed": 2, "margin_m": 30.0}, grid)
    image = observe(terrain, grid, 300.0, 70.0, np.random.default_rng(0))
    assert image.shape == grid.shape and np.isfinite(image).all()
    again = observe(terrain, grid, 300.0, 70.0, np.random.default_rng(0))
    np.testing.assert_array_equal(image, again)
