"""Two speeds, one Moon: the direct path makes the images of the sensor path, within noise.

The sensor path goes through orbit, line scanner, detector, companding, calibration, echo removal and projection; the
direct path puts down one lattice of pixels and its noise. What differs beyond noise is where the two lattices happen to
lie on edges finer than a pixel: two direct images whose lattices lie half a pixel apart tell how much that is.
"""

from dataclasses import replace

import numpy as np
import pytest

from imfmap.engines.native.pipeline import Processing, edr_to_map
from imfmap.likeness.statistics import radial_spectrum
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import read_raster
from imfmap.simulate.calibration_set import write_calibration_set
from imfmap.simulate.imaging import ViewingGeometry, image_scene, map_azimuth, observe
from imfmap.simulate.scene import write_terrain
from imfmap.simulate.terrain import make_terrain

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

    viewing = ViewingGeometry.of(camera, GRID)
    azimuth_deg = map_azimuth(terrain.grid, LON_DEG, LAT_DEG, SUN_AZIMUTH_DEG)

    def direct(seed, shift=(0.0, 0.0)):
        moved = viewing.origin[0] + shift[0] * viewing.sample_m, viewing.origin[1] + shift[1] * viewing.line_m
        rng = None if seed is None else np.random.default_rng(seed)
        return observe(terrain, GRID, azimuth_deg, incidence_deg, rng, replace(viewing, origin=moved))[INNER]

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
    viewing = ViewingGeometry.nadir(1.0, 2)
    clean = observe(terrain, GRID, 250.0, 50.0, None, viewing)[INNER]
    noise = (observe(terrain, GRID, 250.0, 50.0, np.random.default_rng(1), viewing)[INNER] - clean).std()
    softer = observe(terrain, GRID, 250.0, 50.0, None, replace(viewing, native_m=1.5 * viewing.native_m))[INNER]
    assert (softer - clean).std() > 0.5 * noise
    tilted = viewing.view.copy()
    tilted[0] = [np.sin(np.radians(10.0)), 0.0, np.cos(np.radians(10.0))]
    seen = observe(terrain, GRID, 250.0, 50.0, None, replace(viewing, view=tilted))[INNER]
    assert (seen - clean).std() > 2.0 * noise
