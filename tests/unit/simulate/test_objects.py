"""Craters and boulders, one by one and in number."""

import numpy as np
import pytest

from imfmap.maps.grids import MapGrid
from imfmap.simulate.objects import Boulders, Craters, power_law
from imfmap.simulate.settings import SceneSettings
from tests.helpers.scene_grids import BOUNDS, CRS


@pytest.mark.parametrize("slope", [2.0, 3.0])
def test_diameters_follow_the_power_law(slope):
    diameters = power_law(40000, slope, 2.0, 1000.0, np.random.default_rng(1))
    counts = np.array([(diameters > limit).sum() for limit in (2.0, 4.0, 8.0)])
    np.testing.assert_allclose(counts[1:] / counts[:-1], 2.0**-slope, rtol=0.12)


def stamped(diameter_m, age, resolution_m=0.5, **changes):
    """Heights of one crater in the middle of level ground."""
    crater = Craters.of(*(np.array([value]) for value in (0.0, 0.0, diameter_m, age)), np.random.default_rng(0))
    crater.wobble[:] = 0.0
    crater.stretch[:] = 1.0
    crater.relief[:] = 1.0
    for name, value in changes.items():
        getattr(crater, name)[:] = value
    grid = MapGrid.covering(CRS, (-3 * diameter_m, -3 * diameter_m, 3 * diameter_m, 3 * diameter_m), resolution_m)
    height, lines, albedo = (np.full(grid.shape, value, np.float32) for value in (0.0, 0.0, 1.0))
    crater.add_to(height, lines, albedo, grid)
    return height


@pytest.mark.parametrize("diameter_m", [6.0, 40.0])
def test_depth_over_diameter_of_stamped_craters(diameter_m):
    ratios = [np.ptp(stamped(diameter_m, age)) / diameter_m for age in (0.0, 0.01, 0.05, 0.2, 0.8)]
    assert ratios[0] == pytest.approx(0.185, abs=0.02), "Pike (1977): 0.2 for fresh simple craters"
    assert (np.diff(ratios) < 0).all()
    assert ratios[3] < 0.07 and ratios[4] < 0.02
    assert np.ptp(stamped(diameter_m, 0.0, relief=0.5)) / diameter_m == pytest.approx(0.5 * ratios[0], rel=0.01)


def test_a_stretched_crater_is_long_along_its_turn():
    height = stamped(40.0, 0.0, stretch=2.0, turn=np.radians(30.0))
    rows, columns = np.nonzero(height < -1.0)
    x, y = columns - height.shape[1] / 2 + 0.5, height.shape[0] / 2 - 0.5 - rows
    values, vectors = np.linalg.eigh(np.cov(x, y))
    assert np.sqrt(values[1] / values[0]) == pytest.approx(2.0, rel=0.1)
    assert np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180 == pytest.approx(30.0, abs=2.0)


def test_young_ground_keeps_the_production_and_old_ground_is_in_equilibrium():
    rng = np.random.default_rng(4)

    def per_km2(craters, limit_m, oldest=0.25):
        return np.sum((craters.diameter_m >= limit_m) & (craters.age < oldest)) / 9.0

    young = SceneSettings(crater_degradation=0.05, crater_density_per_km2=320.0, terrain_resolution_m=0.5)
    craters = Craters.draw(BOUNDS, young, rng)
    for limit_m in (4.0, 10.0, 20.0):
        expected = 320.0 * ((limit_m / 10.0) ** -2.8 - (240.0 / 10.0) ** -2.8)
        assert per_km2(craters, limit_m, 2.0) == pytest.approx(expected, rel=0.12)
    old = SceneSettings.from_mapping({"preset": "cratered_ground", "terrain_resolution_m": 1.3})
    craters = Craters.together([Craters.draw(BOUNDS, old, rng)])
    counts = np.array([per_km2(craters, limit_m) for limit_m in (2.0, 4.0, 8.0, 16.0)])
    np.testing.assert_allclose(np.log2(counts[:-1] / counts[1:]), 2.0, atol=0.25)
    # Trask (1966): 10^-1.1 D^-2 a km2 (D in km) is the equilibrium of lunar plains.
    assert 0.4 < counts[2] / (10**-1.1 * 0.008**-2) < 2.0
    assert (np.diff(craters.age * craters.diameter_m) <= 0).all(), "old ones come first"


def test_secondaries_lie_in_chains():
    settings = SceneSettings(secondary_chains_per_km2=3.0)
    craters = Craters.secondaries(BOUNDS, settings, np.random.default_rng(5))
    chains = np.unique(craters.chain)
    assert len(chains) == pytest.approx(27, abs=4 * np.sqrt(27)) and chains.min() >= 1
    headings = []
    for chain in chains:
        members = craters.chain == chain
        places = np.column_stack([craters.x, craters.y])[members]
        if len(places) < 6:
            continue
        spread, ways = np.linalg.eigh(np.cov(places.T))
        assert spread[1] > 15 * spread[0], "much longer than wide"
        way = ways[:, 1]
        headings.append(np.arctan2(way[1], way[0]))
        along = np.sort((places - places.mean(0)) @ way)
        assert np.median(np.diff(along)) < 1.6 * np.median(craters.diameter_m[members]), "rim to rim"
    assert abs(np.exp(2j * np.array(headings)).mean()) > 0.7, "all from one side"
    assert craters.relief.mean() == pytest.approx(0.5, abs=0.03)
    assert (
        len(Craters.secondaries(BOUNDS, SceneSettings(secondary_chains_per_km2=0.0), np.random.default_rng(5)).x) == 0
    )


def test_fresh_boulders_are_bright():
    def brightest(brightening):
        middle = np.zeros(200)
        made = Boulders.of(middle, middle, middle + 5.0, 0.0, brightening, np.random.default_rng(3))
        return made.bright.max()

    assert brightest(0.25) == pytest.approx(1.25, abs=0.01) and brightest(1.5) == pytest.approx(2.5, abs=0.05)


def test_a_crack_goes_through_its_boulder():
    grid = MapGrid.covering(CRS, (-20.0, -20.0, 20.0, 20.0), 0.25)

    def stamped_boulder(crack):
        boulder = Boulders.of(*(np.array([value]) for value in (0.0, 0.0, 14.0)), 0.0, 0.25, np.random.default_rng(3))
        boulder.crack[:] = crack
        height, albedo = np.zeros(grid.shape, np.float32), np.ones(grid.shape, np.float32)
        boulder.add_to(height, albedo, grid)
        return height, boulder

    whole, boulder = stamped_boulder(np.nan)
    split, _ = stamped_boulder(0.0)
    shape = boulder.outlines()[0][0]
    assert (whole > 0).sum() * 0.25**2 == pytest.approx(shape.area, rel=0.05)
    assert whole.max() == pytest.approx(boulder.tall_m[0], rel=0.35)
    middle = grid.shape[0] // 2
    assert split[middle, middle] == pytest.approx(0.25 * whole[middle, middle], rel=0.01)
    assert (split == whole).mean() > 0.95
