"""The simulated ground: sizes after their laws, relief that fits its truth, the same from the same seed."""

import numpy as np
import pytest
import shapely

from imfmap.core.errors import InputError
from imfmap.labels.truth_classes import CLASSES
from imfmap.labels.width_classes import width_class
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.simulate.habits import LabelHabits
from imfmap.simulate.presets import PRESETS
from imfmap.simulate.settings import SceneSettings
from imfmap.simulate.terrain import make_terrain
from imfmap.simulate.weak_labels import draw_labels

SETTINGS = {"seed": 4, "margin_m": 45.0, "wall_azimuth_deg": 30.0}


def grid_of(size_m):
    crs = body("moon").projected("equirectangular", 18.32, -113.78)
    return MapGrid.centred(crs, -113.78, 18.32, size_m, size_m, 1.5)


@pytest.fixture(scope="module")
def terrain():
    return make_terrain(SETTINGS, grid_of(900.0))


def test_fractures_and_ridges_are_as_long_as_asked_for(terrain):
    fractures, ridges = terrain.fractures, terrain.ridges
    assert ridges.length_m.sum() > fractures.length_m.sum() / 3
    melt_km2 = (terrain.floor.area + terrain.ponds.area) * 1e-6
    assert fractures.length_m.sum() / 1000 == pytest.approx(4.0 * melt_km2, rel=0.35)


def test_fractures_are_low_and_ridges_high(terrain):
    def relief(frame):
        """Median height over the shoulders of the features' middles."""
        steps = []
        for line, width in zip(frame.centreline, frame.width_m, strict=True):
            middle, ahead = (line.interpolate(f, normalized=True) for f in (0.5, 0.52))
            way = np.array([ahead.x - middle.x, ahead.y - middle.y])
            normal = np.array([-way[1], way[0]]) / np.hypot(*way)
            at = np.array([middle.x, middle.y]) + normal * width * np.array([[0.0], [-0.9], [0.9]])
            row, column = (np.rint(index).astype(int) for index in terrain.grid.rowcol(*at.T))
            if (row < 0).any() or (column < 0).any() or (row >= terrain.grid.shape[0]).any():
                continue
            if (column >= terrain.grid.shape[1]).any():
                continue
            height = terrain.height_m[row, column]
            steps.append(height[0] - height[1:].mean())
        return np.median(steps)

    assert relief(terrain.fractures) < -0.3
    assert relief(terrain.ridges) > 0.3


def test_mottles_change_albedo_alone_and_below_30_m(terrain):
    mottled = make_terrain({**SETTINGS, "albedo_mottling": 0.1}, grid_of(900.0))
    pattern = np.log(mottled.albedo / terrain.albedo)[100:-100, 100:-100]
    # The two grounds draw different objects later on: most places have none.
    middle = np.percentile(np.abs(pattern), 68)
    assert middle == pytest.approx(0.1, rel=0.2)
    blocks = pattern[:1000, :1000].reshape(10, 100, 10, 100)
    assert np.median(np.abs(blocks.mean((1, 3)))) < 0.02, "nothing of it is wider than 30 m"


def test_truth_is_exact(terrain):
    grid = grid_of(900.0)
    classes = terrain.classes(grid)
    box = shapely.box(*grid.bounds)
    others = shapely.union_all(terrain.boulders.geometry)
    area_m2 = shapely.difference(shapely.union_all(terrain.fractures.geometry), others).intersection(box).area
    assert (classes == CLASSES["fracture"]).sum() * 1.5**2 == pytest.approx(area_m2, rel=0.03)
    assert set(np.unique(classes)) == set(CLASSES.values())
    for width, shape, line in zip(
        terrain.fractures.width_m, terrain.fractures.geometry, terrain.fractures.centreline, strict=True
    ):
        assert shape.area <= 1.35 * width * line.length
    melt = shapely.union_all([terrain.floor, terrain.ponds]).buffer(1.0)
    assert melt.covers(shapely.union_all(list(terrain.fractures.centreline)))


def test_the_seed_decides_all():
    grid = grid_of(240.0)
    first, again = make_terrain(SETTINGS, grid), make_terrain(SETTINGS, grid)
    np.testing.assert_array_equal(first.height_m, again.height_m)
    np.testing.assert_array_equal(first.albedo, again.albedo)
    np.testing.assert_array_equal(first.classes(), again.classes())
    other = make_terrain(SETTINGS, grid, seed=5)
    assert np.abs(other.height_m - first.height_m).max() > 1.0


def test_terrain_covers_the_grid_and_its_margin(terrain):
    left, bottom, right, top = grid_of(900.0).bounds
    outer = terrain.grid.bounds
    assert outer[0] <= left - 45 and outer[1] <= bottom - 45 and outer[2] >= right + 45 and outer[3] >= top + 45
    assert terrain.height_m.shape == terrain.albedo.shape == terrain.grid.shape
    assert np.isfinite(terrain.height_m).all() and terrain.albedo.min() > 0


def test_presets_are_valid_and_own_keys_win():
    for name, changes in PRESETS.items():
        scene = SceneSettings.from_mapping({"preset": name})
        assert all(getattr(scene, key) == value for key, value in changes.items())
    assert SceneSettings.from_mapping({}) == SceneSettings()
    own = SceneSettings.from_mapping({"preset": "cratered_ground", "crater_min_m": 3.0})
    assert own.crater_min_m == 3.0 and not own.melt_floor


@pytest.mark.parametrize("resolution_m", [0.5, 1.0, 1.5])
def test_roughness_is_the_same_at_every_grid_spacing(resolution_m):
    settings = {
        "seed": 3, "terrain_resolution_m": resolution_m, "margin_m": 3.0, "wall_share": 0.0, "hummock_height_m": 0.0,
        "undulation_height_m": 0.0, "fracture_km_per_km2": 0.0, "crater_density_per_km2": 0.0, "floor_slope_deg": 4.0,
        "secondary_chains_per_km2": 0.0, "boulder_density_per_km2": 0.0, "pond_craters_per_km2": 0.0,
    }  # fmt: skip
    height = make_terrain(settings, grid_of(600.0)).height_m

    def slope_deg(baseline_m):
        lag = round(baseline_m / resolution_m)
        return np.degrees(np.arctan(np.std(height[lag:] - height[:-lag]) / baseline_m))

    # Patches of smooth and rough ground add to the mean.
    assert slope_deg(3.0) == pytest.approx(4.0 * 0.5**0.25 * 1.12, rel=0.15)
    if resolution_m == 0.5:
        assert slope_deg(0.5) > 1.05 * slope_deg(1.5), "not soft at the grid's own scale"


def test_weak_labels_keep_their_rates():
    habits = LabelHabits(missed_share=0.2, polygon_share=0.1, wrong_class_share=0.15, cut_share=0.1, false_share=0.0)
    settings = SETTINGS | {"fracture_km_per_km2": 14.0, "wall_share": 0.0, "crater_density_per_km2": 0.0}
    terrain = make_terrain(settings, grid_of(1300.0))
    rng = np.random.default_rng(3)
    lines, polygons = draw_labels(terrain, habits, rng)
    count = len(terrain.fractures)
    assert count > 150
    drawn = len(lines) + len(polygons)
    assert drawn / count == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / count))
    assert len(polygons) / drawn == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / drawn))
    # With nothing missed and nothing drawn as polygon, lines come in the order of the fractures.
    exact = dict(
        missed_share=0.0, jitter_m=0.0, cut_share=0.0, false_share=0.0, polygon_share=0.0, vertex_spacing_m=4.0
    )
    # Bounds wide enough to cut nothing.
    wide = shapely.box(*terrain.grid.bounds).buffer(50.0).bounds
    lines, _ = draw_labels(terrain, LabelHabits(**exact, wrong_class_share=0.15), rng, wide)
    assert len(lines) == count
    true_class = np.array([width_class(width) for width in terrain.fractures.width_m])
    wrong = (true_class != lines.width_class.to_numpy()).mean()
    assert wrong == pytest.approx(0.15, abs=4 * np.sqrt(0.13 / count))
    true_m = np.array([shapely.force_2d(line).length for line in terrain.fractures.centreline])
    np.testing.assert_allclose(lines.length, true_m, rtol=0.1)
    cut, _ = draw_labels(terrain, LabelHabits(**exact | {"cut_share": 0.2}, wrong_class_share=0.0), rng, wide)
    assert 1 - cut.length.sum() / true_m.sum() == pytest.approx(0.2, abs=0.04)
    mistaken, _ = draw_labels(terrain, LabelHabits(**exact | {"false_share": 0.2}, wrong_class_share=0.0), rng, wide)
    assert len(mistaken) - count == pytest.approx(0.2 * count, abs=4 * np.sqrt(0.2 * count))
    jittered, _ = draw_labels(terrain, LabelHabits(0.0, 2.0, 22.0, 0.0, 0.0, 0.0, 0.0), rng)
    ways = shapely.union_all(list(terrain.fractures.centreline))
    vertices = shapely.points(shapely.get_coordinates(jittered.geometry))
    assert np.sqrt(np.mean(shapely.distance(vertices, ways) ** 2)) == pytest.approx(2.0, rel=0.25)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"sed": 1}, r"simulate\.sed: unknown key; known keys: seed, preset"),
        ({"seed": "one"}, r"simulate\.seed: 'one' is no whole number"),
        ({"crater_slope": "steep"}, r"simulate\.crater_slope: 'steep' is no number"),
        ({"polygonal_share": 0.8, "parallel_share": 0.4}, "add up to more than 1"),
        ({"preset": "mare"}, r"simulate\.preset: no preset 'mare'; use one of melt_floor, cratered_ground"),
        ({"melt_floor": 1}, r"simulate\.melt_floor: '1' is neither true nor false"),
        ({"fracture_fill": 0.95}, r"simulate\.fracture_fill: 0\.95 is out of range; use 0\.\.0\.9"),
        ({"crater_min_m": 300.0}, r"simulate\.crater_min_m: is not below crater_max_m"),
        ({"rim_height_m": -1.0}, r"simulate\.rim_height_m: -1\.0 is negative; use 0 or more"),
        ({"size_m": 2300.0}, r"simulate\.size_m: unknown key"),
        ({"depth_to_width": [0.4, 0.1]}, r"depth_to_width: .* give two rising numbers"),
        ({"labels": {"missed": 0.1}}, r"simulate\.labels\.missed: unknown key"),
        ({"labels": {"missed_share": 1.5}}, r"missed_share: 1\.5 is out of range"),
        ({"images": [{"product": "M1LE", "incidence_deg": 30}]}, r"sun_azimuth_deg: is missing"),
        (
            {"images": [{"product": "M1LE", "sun_azimuth_deg": 1, "incidence_deg": 95}]},
            r"images M1LE: incidence_deg 95; use 5\.\.87",
        ),
    ],
)
def test_bad_settings_are_refused_in_one_line(mapping, said):
    with pytest.raises(InputError, match=said):
        SceneSettings.from_mapping(mapping)
