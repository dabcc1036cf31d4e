"""Craters, ponds, boulders, trails and the wall of a simulated scene: numbers, sizes, shapes, places."""

import numpy as np
import pytest
import shapely

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import read_raster
from imfmap.maps.vectors import read_vector
from imfmap.simulate.debris import boulders, rockfalls
from imfmap.simulate.objects import Boulders, Craters, power_law
from imfmap.simulate.ponds import pond_craters
from imfmap.simulate.relief_carving import AGES, crater_profiles
from imfmap.simulate.scene import make_scene
from imfmap.simulate.settings import SceneSettings
from imfmap.simulate.skyline import SKYLINE_TAG, Skyline
from imfmap.simulate.terrain import make_terrain
from imfmap.simulate.wall import Wall

CRS = body("moon").projected("equirectangular", 18.32, -113.78)
BOUNDS = (0.0, 0.0, 3000.0, 3000.0)


def grid_of(width_m, height_m=None):
    return MapGrid.centred(CRS, -113.78, 18.32, width_m, height_m or width_m, 1.5)


@pytest.mark.parametrize("slope", [2.0, 3.0])
def test_diameters_follow_the_power_law(slope):
    diameters = power_law(40000, slope, 2.0, 1000.0, np.random.default_rng(1))
    counts = np.array([(diameters > limit).sum() for limit in (2.0, 4.0, 8.0)])
    np.testing.assert_allclose(counts[1:] / counts[:-1], 2.0**-slope, rtol=0.12)


def test_craters_flatten_with_age():
    depth = -crater_profiles()[:, 0]
    assert (np.diff(depth) < 0).all()
    assert depth[0] == pytest.approx(0.29, abs=0.01), (
        "a fresh simple crater: 0.2 diameters from the rim down, less the rim"
    )
    assert depth[np.searchsorted(AGES, 0.5)] < 0.25 * depth[0]


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


@pytest.mark.parametrize(("width_m", "height_m"), [(1500.0, 1500.0), (1200.0, 9000.0), (9000.0, 1200.0)])
@pytest.mark.parametrize("share", [0.1, 0.45])
def test_the_wall_takes_its_share_of_any_scene(width_m, height_m, share):
    grid = grid_of(width_m, height_m)
    for azimuth_deg in (0.0, 70.0, 215.0):
        settings = SceneSettings(wall_share=share, wall_azimuth_deg=azimuth_deg)
        wall = Wall(settings, grid, np.random.default_rng(6))
        left, bottom, right, top = grid.bounds
        x, y = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
        q, s = wall.coordinates(x, y)
        assert np.mean(q > 0) == pytest.approx(share, abs=0.01)
        np.testing.assert_allclose(wall.xy(q[::50, ::50], s[::50, ::50]), np.stack([x, y], -1)[::50, ::50], atol=1e-3)
        # The wall stands on the side that was asked for.
        way = np.array([x[q > 0].mean(), y[q > 0].mean()]) - wall.middle
        assert way @ wall.outward > 0


def test_the_wall_rises_in_terraces():
    wall = Wall(SceneSettings(wall_slope_deg=25.0), grid_of(3000.0), np.random.default_rng(7))
    q = np.arange(0.0, 1000.0, 2.0)
    slope_deg = np.degrees(np.arctan(np.gradient(wall.height_m(q), 2.0)))
    assert np.mean(slope_deg > 18) > 0.3 and np.mean(slope_deg < 10) > 0.2
    assert wall.height_m(1000.0) > 150.0
    assert wall.height_m(-50.0) == pytest.approx(0.0, abs=0.5)


@pytest.fixture(scope="module")
def ponded():
    """A scene of wall and small craters with many ponds, nothing else on it."""
    settings = {
        "seed": 12, "terrain_resolution_m": 1.5, "wall_share": 0.5, "wall_azimuth_deg": 0.0, "wall_ponds_per_km": 3.0,
        "pond_craters_per_km2": 2.5, "pond_crater_max_m": 250.0, "fracture_km_per_km2": 8.0, "ridge_share": 0.0,
        "crater_density_per_km2": 0.0, "secondary_chains_per_km2": 0.0, "boulder_density_per_km2": 0.0,
    }  # fmt: skip
    return make_terrain(settings, grid_of(1500.0))


def test_ponds_are_level_and_carry_fractures(ponded):
    wall = ponded.ponds.difference(ponded.floor)
    big = [part for part in shapely.get_parts(wall) if part.area > 3000.0]
    assert len(big) > 5
    rough = []
    for part in big:
        inner = part.buffer(-8.0)
        left, bottom, right, top = part.bounds
        x, y = np.meshgrid(np.arange(left, right, 3.0), np.arange(bottom, top, 3.0))
        row, column = (np.rint(index).astype(int) for index in ponded.grid.rowcol(x, y))
        inside = shapely.contains_xy(inner, x, y) & (row >= 0) & (column >= 0)
        inside &= (row < ponded.grid.shape[0]) & (column < ponded.grid.shape[1])
        if inside.sum() > 20:
            height = ponded.height_m[row[inside], column[inside]]
            rough.append(np.subtract(*np.percentile(height, (75, 25))))
    assert np.median(rough) < 0.6, "a terrace falls and rises by metres over such a distance"
    fractured = [part for part in big if ponded.fractures.intersects(part).any()]
    assert len(fractured) >= 0.4 * len(big)


def test_small_craters_have_melt_on_their_floors_and_around_them():
    settings = SceneSettings(pond_craters_per_km2=3.0, pond_crater_min_m=150.0, pond_crater_max_m=400.0)
    craters, ponds = pond_craters(BOUNDS, settings, np.random.default_rng(8))
    assert len(craters.x) == pytest.approx(27, abs=4 * np.sqrt(27))
    assert craters.diameter_m.min() >= 150.0 and craters.diameter_m.max() <= 400.0
    floors = [pond for pond in ponds if pond.kind == "crater floor"]
    assert len(floors) == len(craters.x)
    around = shapely.centroid([pond.outline for pond in ponds if pond.kind == "crater rim"])
    distance = np.hypot(craters.x[:, None] - shapely.get_x(around), craters.y[:, None] - shapely.get_y(around))
    nearest = (distance / (0.5 * craters.diameter_m[:, None])).min(axis=0)
    assert len(around) >= 2 * len(floors) and nearest.max() < 2.0
    assert np.median(nearest) > 1.1


def test_ground_without_a_melt_floor_fractures_in_ponds_alone():
    settings = {
        "preset": "cratered_ground", "seed": 2, "terrain_resolution_m": 1.5, "pond_craters_per_km2": 6.0,
        "fracture_km_per_km2": 20.0, "crater_density_per_km2": 100.0,
    }  # fmt: skip
    terrain = make_terrain(settings, grid_of(1200.0))
    assert terrain.floor.is_empty and len(terrain.fractures) > 3
    assert terrain.ponds.buffer(1.0).covers(shapely.union_all(list(terrain.fractures.centreline)))


def test_trails_end_at_their_boulders_and_run_down_the_wall():
    settings = SceneSettings(wall_share=0.3, cracked_boulder_share=0.3, boulder_density_per_km2=2000.0)
    wall = Wall(settings, grid_of(3000.0), np.random.default_rng(9))
    trails, ends = rockfalls(wall, 12.0, np.random.default_rng(10))
    length_km = (wall.span_m[1] - wall.span_m[0]) / 1000
    assert len(trails) == pytest.approx(12.0 * length_km, abs=4 * np.sqrt(12.0 * length_km))
    craters = Craters.of(*np.zeros((4, 0)), np.random.default_rng(0))
    blocks = boulders((-1500.0, -1500.0, 1500.0, 1500.0), settings, wall, craters, ends, np.random.default_rng(11))
    for trail, x, y, diameter in zip(trails, *ends, strict=True):
        assert np.hypot(*(trail.points[-1] - [x, y])) < 1.0
        assert np.any((blocks.x == x) & (blocks.y == y) & (blocks.diameter_m == diameter))
        assert trail.width_m < diameter
        q, _ = wall.coordinates(*trail.points[[0, -1]].T)
        assert wall.height_m(q[0]) > wall.height_m(q[1]) + 5.0
    large = blocks.diameter_m > 6.0
    assert large.sum() > 100
    cracked = ~np.isnan(blocks.crack)
    assert not cracked[~large].any()
    assert cracked[large].mean() == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / large.sum()))


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


def test_a_scene_on_disk_tells_all_that_is_known(tmp_path):
    settings = {
        "preset": "cratered_ground", "seed": 5, "margin_m": 30.0, "terrain_resolution_m": 1.5, "rim_height_m": 900.0,
        "secondary_chains_per_km2": 40.0, "boulder_max_m": 12.0, "boulder_density_per_km2": 3000.0,
        "cracked_boulder_share": 0.5,
    }  # fmt: skip
    terrain = make_scene(settings, grid_of(400.0), tmp_path)
    objects = read_vector(tmp_path / "truth.gpkg", "objects")
    assert set(objects.kind) == {"crater", "boulder"}
    of_kind = {kind: objects[objects.kind == kind] for kind in ("crater", "boulder")}
    assert len(of_kind["crater"]) == len(terrain.craters)
    assert (of_kind["crater"].chain > 0).any() and of_kind["crater"].age.between(0, 0.25).all()
    assert set(of_kind["boulder"].cracked) == {0.0, 1.0}
    assert len(read_vector(tmp_path / "boundary.gpkg", "floor")) == 0, "no melt floor, no boundary of one"
    _, _, tags = read_raster(tmp_path / "terrain.tif")
    assert Skyline.from_tag(tags[SKYLINE_TAG]) == terrain.skyline
    first = [(tmp_path / name).read_bytes() for name in ("terrain.tif", "truth.tif")]
    make_scene(settings, grid_of(400.0), tmp_path / "again")
    assert first == [(tmp_path / "again" / name).read_bytes() for name in ("terrain.tif", "truth.tif")]
