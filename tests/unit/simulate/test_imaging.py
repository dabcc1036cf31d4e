"""The simulated NAC: what it sends down is an EDR that calibration turns back into the ground's brightness."""

import hashlib

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.engines.native.pipeline import Processing, edr_to_map
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import read_raster
from imfmap.nac.camera import camera_from_isd
from imfmap.nac.edr import verify_md5
from imfmap.simulate.imaging import image_scene, observe
from imfmap.simulate.light import COEFFICIENTS, SCATTERED
from imfmap.simulate.settings import SceneSettings
from imfmap.simulate.terrain import make_terrain
from tests.helpers.simulated_images import IMAGED_CRS, NATIVE_RIGHT, SUMMED_LEFT, spotted, take, write_ground


@pytest.mark.parametrize(
    "image", [SUMMED_LEFT, NATIVE_RIGHT | {"offset_m": 600.0}], ids=["summed left", "native right"]
)
def test_spots_lie_where_the_camera_says(marked, calibration_dir, tmp_path, image):
    path, grid, spots = marked
    camera, _, iof, isd = take(path, image, calibration_dir, tmp_path)
    from_isd = camera_from_isd(isd)
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


def test_direct_path_needs_no_files():
    grid = MapGrid.centred(IMAGED_CRS, 102.0, 35.0, 200.0, 150.0, 1.5)
    terrain = make_terrain({"seed": 2, "margin_m": 30.0}, grid)
    image = observe(terrain, grid, 300.0, 70.0, np.random.default_rng(0))
    assert image.shape == grid.shape and np.isfinite(image).all()
    again = observe(terrain, grid, 300.0, 70.0, np.random.default_rng(0))
    np.testing.assert_array_equal(image, again)


@pytest.mark.parametrize("roll_deg", [25.0, -15.0])
def test_a_rolled_camera_sees_the_scene_at_its_emission_angle(tmp_path, calibration_dir, roll_deg):
    grid = MapGrid.centred(IMAGED_CRS, 102.0, 35.0, 240.0, 240.0, 1.0)
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


def test_one_ground_under_several_suns_from_several_orbits(calibration_dir, tmp_path):
    images = [
        {"product": "M1400000000", "sun_azimuth_deg": 250, "incidence_deg": 50},
        {"product": "M1400100000", "sun_azimuth_deg": 95, "incidence_deg": 70, "ascending": True, "camera": "right"},
        {"product": "M1400200000", "sun_azimuth_deg": 180, "incidence_deg": 25, "offset_m": 700, "summing": 1},
        {"product": "M1400300000", "sun_azimuth_deg": 30, "incidence_deg": 60, "roll_deg": -18, "inclination_deg": 86},
    ]
    scene = SceneSettings.from_mapping({"images": images})
    ground_grid = MapGrid.centred(IMAGED_CRS, 102.0, 35.0, 330.0, 330.0, 0.75)
    spots = [(120.0, 100.0), (130.0, 340.0), (320.0, 180.0)]
    path = tmp_path / "terrain.tif"
    inner = tuple(edge + shift for edge, shift in zip(ground_grid.bounds, (30, 30, -30, -30), strict=True))
    write_ground(path, np.zeros(ground_grid.shape), spotted(ground_grid, spots), ground_grid, inner)
    grid = MapGrid.centred(IMAGED_CRS, 102.0, 35.0, 240.0, 240.0, 1.0)
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
