"""The simulated NAC: what it sends down is an EDR that calibration turns back into the ground's brightness."""

import hashlib

import numpy as np
import pytest

from imfmap.camera.line_scan import LineScanCamera
from imfmap.core.errors import InputError
from imfmap.engines.native.pipeline import Processing, edr_to_map
from imfmap.labels.reading import read_labels
from imfmap.labels.truth_classes import CLASSES
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import create_raster, read_raster
from imfmap.maps.times import ephemeris_time
from imfmap.maps.vectors import layers_of, read_vector
from imfmap.nac.calibration import calibrate, remove_echo
from imfmap.nac.calibration_files import CalibrationFiles
from imfmap.nac.edr import read_edr, verify_md5
from imfmap.nac.label import NacLabel, preroll_time
from imfmap.simulate.calibration_set import write_calibration_set
from imfmap.simulate.imaging import SCENE_BOUNDS_TAG, ViewingGeometry, image_scene, observe
from imfmap.simulate.light import COEFFICIENTS, SCATTERED
from imfmap.simulate.orbit import build_camera, exposure, product_id_of, true_camera
from imfmap.simulate.scene import make_scene
from imfmap.simulate.sensor import ELECTRONS_A_COUNT, READ_NOISE_ELECTRONS, expose
from imfmap.simulate.settings import ImageSettings, SceneSettings
from imfmap.simulate.terrain import make_terrain

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
    write_calibration_set(directory, 1, 2022)
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


def spotted(grid, spots):
    """Albedo with bright spots."""
    rows, columns = np.mgrid[: grid.shape[0], : grid.shape[1]]
    bright = [np.exp(-0.5 * ((rows - row) ** 2 + (columns - column) ** 2) / 2.0**2) for row, column in spots]
    return 0.5 + 2.0 * sum(bright)


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """Level ground with bright spots, half of them on a plateau."""
    grid = MapGrid.centred(CRS, 102.0, 35.0, 330.0, 330.0, 0.75)
    spots = [(120.0, 100.0), (120.0, 340.0), (320.0, 120.0), (330.0, 350.0)]
    rows, columns = np.mgrid[: grid.shape[0], : grid.shape[1]]
    height = np.where(rows > grid.shape[0] / 2, 400.0, 0.0)
    albedo = spotted(grid, spots)
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


def test_scene_on_disk(tmp_path):
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


@pytest.mark.parametrize(
    ("summing", "altitude_km", "sample_m"), [(1, 40.0, 0.4), (1, 160.0, 1.6), (2, 20.0, 0.4), (2, 80.0, 1.6)]
)
def test_the_whole_range_of_resolutions(summing, altitude_km, sample_m):
    image = ImageSettings.from_mapping(
        {"product": "M1400000000L", "sun_azimuth_deg": 90, "incidence_deg": 40, "summing": summing}
        | {"altitude_km": altitude_km}
    )
    camera = build_camera(image, 102.0, 35.0, 500.0)
    middle = camera.lines / 2, camera.samples / 2
    assert camera.ground_resolution_m(*middle) == pytest.approx(sample_m, rel=0.01)
    _, code = exposure(image)
    assert code >= 0
    viewing = ViewingGeometry.of(camera, MapGrid.centred(CRS, 102.0, 35.0, 200.0, 200.0, 1.0))
    assert viewing.sample_m == pytest.approx(sample_m, rel=0.01)
    # Lines are as long as samples are wide, but for the shortest exposure there is.
    assert viewing.line_m == pytest.approx(sample_m, rel=0.02) or (code == 0 and viewing.line_m > sample_m)


def test_the_attitude_sways_and_the_isd_records_it(tmp_path):
    settings = {"product": "M1400000000L", "sun_azimuth_deg": 90, "incidence_deg": 40}

    def camera(**keys):
        image = ImageSettings.from_mapping(settings | keys)
        # Long enough for the slow sways to show.
        return image, build_camera(image, 102.0, 35.0, 60_000.0, seed=2)

    def turns_urad(one, other):
        times = np.linspace(one.time_at(1), one.time_at(one.lines), 4000)
        turn = np.einsum("nij,nkj->nik", one.pointing.at(times), other.pointing.at(times))
        return 1e6 * np.stack([turn[:, 1, 2], turn[:, 2, 0], turn[:, 0, 1]], axis=1)

    _, still = camera(jitter_urad=0)
    image, swaying = camera(jitter_urad=40, unrecorded_jitter_urad=2)
    sway = turns_urad(swaying, still)
    assert np.sqrt((sway**2).mean()) == pytest.approx(40.0, rel=0.4)
    assert np.abs(np.diff(sway, axis=0)).max() < 5.0, "no jumps"
    # Recorded: an ISD gives it back. What is not recorded moves the true camera alone.
    swaying.to_isd(tmp_path / "image.json")
    assert np.abs(turns_urad(LineScanCamera.from_isd(tmp_path / "image.json"), swaying)).max() < 1e-3
    unrecorded = turns_urad(true_camera(swaying, image, seed=2), swaying)
    assert np.sqrt((unrecorded**2).mean()) == pytest.approx(2.0, rel=0.25)
    assert true_camera(still, ImageSettings.from_mapping(settings)) is still
    # The angular velocity of the table is that of its turning.
    times = swaying.pointing.times_s
    step = swaying.pointing.at(times[5] + 5e-3) @ swaying.pointing.at(times[5] - 5e-3).T
    turning = np.array([step[1, 2], step[2, 0], step[0, 1]]) / 1e-2
    stated = swaying.pointing.at(times[5]) @ swaying.pointing.angular_velocities[5]
    np.testing.assert_allclose(turning, stated, atol=2e-5)


@pytest.mark.parametrize("roll_deg", [25.0, -15.0])
def test_a_rolled_camera_sees_the_scene_at_its_emission_angle(tmp_path, calibration_dir, roll_deg):
    grid = MapGrid.centred(CRS, 102.0, 35.0, 240.0, 240.0, 1.0)
    inner = tuple(edge + shift for edge, shift in zip(grid.bounds, (30, 30, -30, -30), strict=True))
    write_ground(tmp_path / "terrain.tif", np.zeros(grid.shape), np.ones(grid.shape), grid, inner)
    image = SUMMED_LEFT | {"roll_deg": roll_deg}
    camera, _, iof, _ = take(tmp_path / "terrain.tif", image, calibration_dir, tmp_path)
    line, sample = camera.ground_to_image(102.0, 35.0)
    assert sample == pytest.approx(camera.samples / 2, abs=60)
    incidence, emission, phase = camera.angles(line, sample)
    radii = 1.0 + 50.0 / 1737.4
    assert emission == pytest.approx(np.degrees(np.arcsin(radii * np.sin(np.radians(abs(roll_deg))))), abs=0.1)
    # Towards the east rolled, the camera looks from the west; the Sun stands in the west-south-west.
    assert (phase < incidence) == (roll_deg > 0)
    cos_i, cos_e = np.cos(np.radians([incidence, emission]))
    b = COEFFICIENTS
    exponent = b[0] + b[1] * phase**2 + b[2] * phase + b[3] * np.sqrt(phase) + b[4] * cos_e + b[5] * cos_i
    expected = cos_i / (cos_e + cos_i) * np.exp(exponent + b[6] * cos_i**2) * (1.0 + SCATTERED)
    r, c = int(line), int(sample)
    assert iof[r - 40 : r + 40, c - 40 : c + 40].mean() == pytest.approx(expected, rel=0.005)


def test_orbits_that_cannot_be_are_refused():
    image = {"product": "M1400000000L", "sun_azimuth_deg": 90, "incidence_deg": 40}
    with pytest.raises(InputError, match="does not reach latitude 86.0"):
        build_camera(ImageSettings.from_mapping(image | {"inclination_deg": 85}), 0.0, 86.0, 100.0)
    for key, value in (("roll_deg", 61), ("altitude_km", 210), ("jitter_urad", -1), ("inclination_deg", 30)):
        with pytest.raises(InputError, match=key):
            ImageSettings.from_mapping(image | {key: value})


def test_one_ground_under_several_suns_from_several_orbits(calibration_dir, tmp_path):
    images = [
        {"product": "M1400000000", "sun_azimuth_deg": 250, "incidence_deg": 50},
        {"product": "M1400100000", "sun_azimuth_deg": 95, "incidence_deg": 70, "ascending": True, "camera": "right"},
        {"product": "M1400200000", "sun_azimuth_deg": 180, "incidence_deg": 25, "offset_m": 700, "summing": 1},
        {"product": "M1400300000", "sun_azimuth_deg": 30, "incidence_deg": 60, "roll_deg": -18, "inclination_deg": 86},
    ]
    scene = SceneSettings.from_mapping({"images": images})
    ground_grid = MapGrid.centred(CRS, 102.0, 35.0, 330.0, 330.0, 0.75)
    spots = [(120.0, 100.0), (130.0, 340.0), (320.0, 180.0)]
    path = tmp_path / "terrain.tif"
    inner = tuple(edge + shift for edge, shift in zip(ground_grid.bounds, (30, 30, -30, -30), strict=True))
    write_ground(path, np.zeros(ground_grid.shape), spotted(ground_grid, spots), ground_grid, inner)
    grid = MapGrid.centred(CRS, 102.0, 35.0, 240.0, 240.0, 1.0)
    emissions, means = [], []
    for image in scene.images:
        edr, isd = tmp_path / f"{image.product}.IMG", tmp_path / f"{image.product}.json"
        camera = image_scene(path, image, calibration_dir, edr, isd, seed=3)
        edr_to_map(edr, isd, calibration_dir, grid, tmp_path / "map.tif", Processing(threads=1))
        iof, _, _ = read_raster(tmp_path / "map.tif")
        means.append(np.nanmedian(iof))
        emissions.append(float(camera.angles(*camera.ground_to_image(102.0, 35.0))[1]))
        for row, column in spots:
            r, c = (float(value) for value in grid.rowcol(*ground_grid.xy(row, column)))
            top, left = int(round(r)) - 6, int(round(c)) - 6
            patch = iof[top : top + 13, left : left + 13] - np.median(iof)
            weight = np.where(patch > 0.3 * patch.max(), patch, 0.0)
            rows, columns = np.mgrid[top : top + 13, left : left + 13]
            found = np.array([(weight * rows).sum(), (weight * columns).sum()]) / weight.sum()
            assert np.hypot(*(found - [r, c])) < 0.3, image
    assert emissions[3] > 17.0 > 2.0 > max(emissions[:3])
    assert np.argsort(means).tolist() == [1, 3, 0, 2], "the higher the Sun, the brighter"


@pytest.mark.parametrize("product", ["M1396000000LE", "M1400000000LE", "M1426500000LE"])
@pytest.mark.parametrize("summing", [1, 2])
@pytest.mark.parametrize("exposure_code", [0, 7])
def test_a_years_darks_suit_every_image_of_it(calibration_dir, product, summing, exposure_code):
    time = preroll_time(product)
    assert time.year == 2022
    label = NacLabel(
        product_id=product, camera="left", lines=1, samples=5064 // summing, summing=summing, exposure_ms=0.4,
        exposure_code=exposure_code, start_time=time.isoformat(), stop_time=time.isoformat(), start_clock="1/0:0",
        preroll_clock="1/0:0", version=1.8, xterm=(0,), mterm=(1,), bterm=(0,),
    )  # fmt: skip
    files = CalibrationFiles.of(calibration_dir, label)
    times = np.array(sorted(files.dark_times(exposure_code == 0)))
    moment = ephemeris_time(label.start_time)
    assert times[0] < moment < times[-1]
    assert np.diff(times).max() <= 45 * 86400
    assert np.isfinite(files.dark(times[np.searchsorted(times, moment)], exposure_code == 0)).all()


def test_calibration_sets_of_two_years_differ_in_the_times_of_their_darks_alone(calibration_dir, tmp_path):
    write_calibration_set(tmp_path, 1, 2023)
    files = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*") if path.is_file()}
    others = {path.relative_to(calibration_dir) for path in calibration_dir.rglob("*.*") if path.is_file()}
    assert {path for path in files ^ others} == {path for path in files ^ others if "AverageDarks" in path.name}
    both = files & others
    assert any("AverageDarks" in path.name for path in both)
    for path in both:
        assert (tmp_path / path).read_bytes() == (calibration_dir / path).read_bytes(), path
