"""Two speeds, one Moon: the direct path makes the images of the sensor path, within noise.

The sensor path goes through orbit, line scanner, detector, companding, calibration, echo removal and projection; the
direct path puts down one lattice of pixels and its noise. What differs beyond noise is where the two lattices happen to
lie on edges finer than a pixel: two direct images whose lattices lie half a pixel apart tell how much that is.
"""

from dataclasses import replace

import numpy as np
import pytest
import rasterio

from imfmap.core.errors import InputError
from imfmap.engines.native.pipeline import Processing, edr_to_map
from imfmap.likeness.statistics import radial_spectrum
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import create_raster, open_raster, read_raster, write_raster
from imfmap.simulate.calibration_set import write_calibration_set
from imfmap.simulate.direct_imaging import TerrainFile, TerrainPart, image_to_map
from imfmap.simulate.imaging import SCENE_BOUNDS_TAG, ViewingGeometry, image_scene, map_azimuth, observe, scene_camera
from imfmap.simulate.scene import write_terrain
from imfmap.simulate.settings import ImageSettings
from imfmap.simulate.terrain import make_terrain
from tests.helpers.simulated_terrain import CRS, IMAGE

LON_DEG, LAT_DEG, SUN_AZIMUTH_DEG = 102.0, 35.0, 250.0
GRID = MapGrid.centred(body("moon").projected("equirectangular", LAT_DEG, LON_DEG), LON_DEG, LAT_DEG, 480.0, 480.0, 1.5)
# Cycles a pixel: octaves in which residual and noise are compared.
OCTAVES = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4)
SEEDS = 4
INNER = (slice(8, -8), slice(8, -8))


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    settings = {"margin_m": 60.0, "wall_share": 0.0, "fracture_km_per_km2": 10.0, "terrain_resolution_m": 0.75}
    terrain = make_terrain({"seed": 8, **settings}, GRID)
    write_terrain(terrain, GRID, folder / "terrain.tif", 8)
    write_calibration_set(folder / "calibration", 1, 2022)
    return terrain, folder


CASES = {
    "summed": {"summing": 2},
    "native": {"summing": 1, "altitude_km": 60.0},
    "rolled": {"summing": 2, "altitude_km": 60.0, "roll_deg": 20.0, "camera": "right", "ascending": True},
}


@pytest.mark.parametrize("incidence_deg", [35.0, 70.0])
@pytest.mark.parametrize("case", list(CASES))
def test_direct_path_is_the_sensor_path_within_noise(ground, tmp_path, case, incidence_deg):
    terrain, folder = ground
    image = {"product": "M1400000000", "sun_azimuth_deg": SUN_AZIMUTH_DEG, "incidence_deg": incidence_deg}
    image |= CASES[case]
    edr, isd = tmp_path / "image.IMG", tmp_path / "image.json"
    camera = image_scene(folder / "terrain.tif", image, folder / "calibration", edr, isd, seed=3)
    edr_to_map(edr, isd, folder / "calibration", GRID, tmp_path / "map.tif", Processing(threads=1))
    full = read_raster(tmp_path / "map.tif")[0][INNER]

    look = ViewingGeometry.of(camera, GRID)
    azimuth_deg = map_azimuth(terrain.grid, LON_DEG, LAT_DEG, SUN_AZIMUTH_DEG)

    def direct(seed, shift=(0.0, 0.0)):
        moved = look.origin[0] + shift[0] * look.sample_m, look.origin[1] + shift[1] * look.line_m
        rng = None if seed is None else np.random.default_rng(seed)
        return observe(terrain, GRID, azimuth_deg, incidence_deg, rng, replace(look, origin=moved))[INNER]

    clean = direct(None)
    residual = full - clean
    # Noise alone at the least; at the most noise, and lattices that lie anywhere against each other.
    noise = [direct(seed) - clean for seed in range(SEEDS)]
    most = [direct(seed, np.random.default_rng(seed).random(2)) - clean for seed in range(SEEDS)]
    assert abs(residual.mean()) < 0.001 * clean.mean()
    low, high = (np.sqrt(np.mean([part.var() for part in parts])) for parts in (noise, most))
    assert 0.95 * low < residual.std() < 1.1 * high
    assert np.corrcoef(full.ravel(), direct(0).ravel())[0, 1] > 0.97

    # No structure: the same holds in every octave, and long waves carry next to nothing of the image.
    frequency, power = radial_spectrum(residual)
    low, high = (np.mean([radial_spectrum(part)[1] for part in parts], axis=0) for parts in (noise, most))
    signal_power = radial_spectrum(clean)[1]
    for start in OCTAVES:
        band = (frequency >= start) & (frequency < 2 * start)
        assert 0.7 * low[band].mean() < power[band].mean() < 1.3 * high[band].mean(), f"octave from {start}"
    long_waves = frequency < 1 / 8
    assert power[long_waves].sum() < 0.005 * signal_power[long_waves].sum()
    # Neither shifted, nor blurred, nor scaled: what of it the image's own derivatives explain is next to nothing.
    down, right = np.gradient(clean)
    pattern = np.stack([right, down, np.gradient(down)[0] + np.gradient(right)[1], clean, np.ones_like(clean)], axis=-1)
    factors, *_ = np.linalg.lstsq(pattern.reshape(-1, 5), residual.ravel(), rcond=None)
    assert np.abs(factors[:2]).max() < 0.02, "pixels of shift"
    assert abs(factors[2]) < 0.03, "square pixels of blur, twice"
    assert abs(factors[3]) < 0.01, "gain"


def test_the_test_sees_a_different_camera(ground):
    """Were the direct path's blur a tenth of a pixel off, or its view from elsewhere, the residual would show it."""
    terrain, _ = ground
    look = ViewingGeometry.nadir(1.0, 2)
    clean = observe(terrain, GRID, 250.0, 50.0, None, look)[INNER]
    noise = (observe(terrain, GRID, 250.0, 50.0, np.random.default_rng(1), look)[INNER] - clean).std()
    softer = observe(terrain, GRID, 250.0, 50.0, None, replace(look, native_m=1.5 * look.native_m))[INNER]
    assert (softer - clean).std() > 0.5 * noise
    tilted = look.view.copy()
    tilted[0] = [np.sin(np.radians(10.0)), 0.0, np.cos(np.radians(10.0))]
    seen = observe(terrain, GRID, 250.0, 50.0, None, replace(look, view=tilted))[INNER]
    assert (seen - clean).std() > 2.0 * noise


def write_cliff(path, target, resolution_m=1.5, cliff_m=0.0):
    """Rolling ground, with a cliff along its west side."""
    left, bottom, right, top = target.bounds
    grid = MapGrid.covering(target.crs, (left - 96, bottom - 96, right + 96, top + 96), resolution_m)
    x, y = grid.xy(np.arange(grid.shape[0])[:, None], np.arange(grid.shape[1])[None, :])
    height_m = 4.0 * np.sin(x / 37.0) * np.cos(y / 51.0) + np.where(x - left < 150.0, cliff_m, 0.0)
    albedo = 1.0 + 0.1 * np.sin((x + y) / 90.0)
    tags = {SCENE_BOUNDS_TAG: " ".join(map(str, target.bounds))}
    with create_raster(path, grid, "float32", bands=2, tags=tags, overviews=False) as dataset:
        dataset.write(height_m.astype(np.float32), 1)
        dataset.write(albedo.astype(np.float32), 2)
    return TerrainPart(grid, height_m.astype(np.float32), albedo.astype(np.float32), None)


@pytest.fixture
def target():
    return MapGrid.centred(CRS, -165.1, -10.4, 900.0, 1500.0, 1.5)


@pytest.mark.parametrize("azimuth_deg", [20.0, 110.0, 205.0, 283.0])
def test_a_window_is_the_same_as_in_the_whole(tmp_path, target, azimuth_deg):
    """Shadows of ground far outside the window, blur and parallax included; noise apart."""
    whole = write_cliff(tmp_path / "terrain.tif", target, cliff_m=150.0)
    sun = azimuth_deg, IMAGE["incidence_deg"]
    camera = scene_camera(ImageSettings.from_mapping(IMAGE), whole.grid, target.bounds, 5)
    row, column, window = 350, 200, target.window(350, 200, 256, 256)
    with open_raster(tmp_path / "terrain.tif") as dataset:
        terrain = TerrainFile(dataset)
        look = ViewingGeometry.of(camera, window)
        part = terrain.part(terrain.needed_bounds(window.bounds, look, *sun))
    alone = observe(part, window, *sun, None, look)
    together = observe(whole, target, *sun, None, ViewingGeometry.of(camera, target))[
        row : row + 256, column : column + 256
    ]
    if azimuth_deg == 283.0:
        # The cliff's shadow ends in the window, which needs not all of the terrain to know.
        assert 0.1 < (together < 0.003).mean() < 0.9 and part.grid.shape[1] < whole.grid.shape[1]
    differs = np.abs(alone - together) / np.percentile(together, 90)
    assert np.median(differs) < 1e-3 and np.percentile(differs, 99.5) < 0.02


def test_an_image_covers_its_swath_and_says_its_sun(tmp_path):
    target = MapGrid.centred(CRS, -165.1, -10.4, 4000.0, 300.0, 4.0)
    write_cliff(tmp_path / "terrain.tif", target, resolution_m=4.0)
    columns = []
    for number, offset_m in enumerate((0.0, 500.0)):
        path = tmp_path / f"{number}.tif"
        facts_of_it = image_to_map(tmp_path / "terrain.tif", IMAGE | {"offset_m": offset_m}, target, path, seed=3)
        with rasterio.open(path) as dataset:
            pixels = dataset.read(1)
            assert dataset.dtypes == ("float32",) and np.isnan(dataset.nodata) and dataset.shape == target.shape
            assert ImageFacts.from_tags(dataset.tags(), path) == facts_of_it
        seen = np.isfinite(pixels)
        columns.append(np.flatnonzero(seen[target.shape[0] // 2]))
        assert 0.02 < np.nanmean(pixels) < 0.2
    # 2532 summed samples of 1 m (NAC.md: a swath of some 2.5 km from 50 km).
    assert len(columns[0]) * 4.0 == pytest.approx(2532, rel=0.02)
    assert (columns[1].mean() - columns[0].mean()) * 4.0 == pytest.approx(500, abs=12)
    assert facts_of_it.engine == "direct" and facts_of_it.product == IMAGE["product"]
    assert facts_of_it.sun_azimuth_deg == pytest.approx(IMAGE["sun_azimuth_deg"], abs=0.5)
    assert facts_of_it.incidence_deg == pytest.approx(IMAGE["incidence_deg"], abs=0.5)
    assert facts_of_it.ground_resolution_m == pytest.approx(1.0, rel=0.05)


def test_noise_is_the_images_own(tmp_path, target):
    write_cliff(tmp_path / "terrain.tif", target)
    out = []
    for product, seed in (("M1500000000LE", 3), ("M1500000000LE", 3), ("M1500000100LE", 3), ("M1500000000LE", 4)):
        path = tmp_path / f"{len(out)}.tif"
        image_to_map(tmp_path / "terrain.tif", IMAGE | {"product": product}, target, path, seed)
        out.append(path.read_bytes())
    assert out[0] == out[1] and out[0] != out[2] and out[0] != out[3]


def test_what_is_no_terrain_is_refused(tmp_path, target):
    write_raster(tmp_path / "mask.tif", np.zeros(target.shape, np.uint8), target)
    with pytest.raises(InputError, match="is not a simulated terrain"):
        image_to_map(tmp_path / "mask.tif", IMAGE, target, tmp_path / "out.tif", 1)
    assert not (tmp_path / "out.tif").exists()
