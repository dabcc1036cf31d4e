"""Fractures and ridges of a simulated floor: the label table's widths and lengths, places, cross-sections."""

import numpy as np
import pytest
import shapely

from imfmap.labels.width_classes import WIDTH_CLASSES, width_class
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.simulate.ground import Ground
from imfmap.simulate.linework import MEAN_LENGTH_M, WIDTH_SHARES, draw_sizes, line_feature_along, resample
from imfmap.simulate.relief_carving import carve_lines
from imfmap.simulate.settings import SceneSettings

CRS = body("moon").projected("equirectangular", 18.32, -113.78)


def ground_of(width_m=2600.0, height_m=2600.0, seed=3, **settings):
    """Ground: the lie of a scene, without any pixel of it made."""
    settings = SceneSettings.from_mapping({"terrain_resolution_m": 1.5, **settings})
    grid = MapGrid.centred(CRS, -113.78, 18.32, width_m, height_m, 1.5)
    return Ground(settings, grid, grid, np.random.default_rng(seed)), grid


def test_drawn_widths_and_lengths_follow_the_label_table():
    widths, lengths = draw_sizes(2.5e6, np.random.default_rng(0))
    names = np.array([width_class(width) for width in widths])
    for name, share in WIDTH_SHARES.items():
        drawn = names == name
        assert drawn.mean() == pytest.approx(share, abs=4 * np.sqrt(share / len(names)))
        if drawn.sum() > 100:
            assert lengths[drawn].mean() == pytest.approx(MEAN_LENGTH_M[name], rel=0.08)
    assert tuple(WIDTH_SHARES) == tuple(MEAN_LENGTH_M) == WIDTH_CLASSES
    assert 1.0 <= widths.min() < 1.5 and widths.max() <= 90.0


def test_the_rare_huge_class_and_the_limits_of_width():
    rng = np.random.default_rng(1)
    widths, lengths = draw_sizes(2e5, rng, huge_share=1.0)
    assert widths.min() >= 45.0 and 75.0 < widths.max() <= 90.0
    assert lengths.mean() == pytest.approx(MEAN_LENGTH_M["huge"], rel=0.1)
    thin, _ = draw_sizes(1e5, rng, 1.0, 12.0)
    assert thin.max() <= 12.0
    # What is left keeps its proportions.
    assert (thin < 7.5).mean() == pytest.approx(0.51 / 0.84, abs=0.05)
    huge = ground_of(wall_share=0.0, fracture_huge_share=0.5)[0].lines()[0]
    assert max(line.width_m for line in huge) > 45.0


@pytest.fixture(scope="module")
def line_complexes():
    """Fractures and ridges of a large scene with a wall, and its ground."""
    ground, _ = ground_of(
        3200.0, 3200.0, wall_share=0.2, wall_azimuth_deg=20.0, fracture_km_per_km2=12.0, debris_crowding=0.0
    )
    return *ground.lines(), ground


def test_fractures_of_a_scene_keep_the_table(line_complexes):
    fractures = line_complexes[0]
    names = np.array([width_class(line.width_m) for line in fractures])
    assert len(names) > 700
    for name, share in WIDTH_SHARES.items():
        drawn = names == name
        assert drawn.mean() == pytest.approx(share, abs=4 * np.sqrt(share / len(names)))
        if drawn.sum() > 60:
            # Cut at the edges of melt and scene, drawn on along the sides of polygons.
            mean_m = np.mean([line.length_m for line in np.array(fractures, object)[drawn]])
            assert mean_m == pytest.approx(MEAN_LENGTH_M[name], rel=0.2)


def test_fractures_crowd_at_the_margin_of_the_floor(line_complexes):
    fractures, _, ground = line_complexes
    points = np.concatenate([line.points for line in fractures])
    q, _ = ground.wall.coordinates(*points.T)
    left, bottom, right, top = ground.fine.bounds
    rng = np.random.default_rng(0)
    q_of_area, _ = ground.wall.coordinates(rng.uniform(left, right, 60000), rng.uniform(bottom, top, 60000))

    def density(nearest_m, farthest_m):
        return np.mean((q > -farthest_m) & (q < -nearest_m)) / np.mean(
            (q_of_area > -farthest_m) & (q_of_area < -nearest_m)
        )

    far = density(800.0, 3000.0)
    # Complexes are 1 + 10 exp(q / 150 m) times as dense; their own lengths smear that.
    assert 1.8 < density(5.0, 200.0) / far < 6.0
    assert density(5.0, 200.0) > 1.2 * density(200.0, 600.0) > far
    even = ground_of(
        3200.0, 3200.0, wall_share=0.2, wall_azimuth_deg=20.0, margin_crowding=0.0, fracture_km_per_km2=8.0
    )[0]
    q, _ = even.wall.coordinates(*np.concatenate([line.points for line in even.lines()[0]]).T)
    assert density(5.0, 200.0) / density(800.0, 3000.0) < 1.6


def test_fractures_crowd_around_debris():
    def crowding(strength):
        ground, _ = ground_of(
            2000.0,
            2000.0,
            wall_share=0.0,
            fracture_km_per_km2=12.0,
            fracture_max_width_m=15.0,
            debris_crowding=strength,
        )
        row, column = ground.fine.rowcol(*np.concatenate([line.points for line in ground.lines()[0]]).T)
        debris = ground.debris()
        near = debris > np.quantile(debris, 0.85)
        return near[(row / 8).astype(int), (column / 8).astype(int)].mean() / near.mean()

    assert crowding(8.0) > max(1.3, crowding(0.0) + 0.3)


def test_complexes_are_of_the_three_kinds(line_complexes):
    """A polygonal complex closes cells; members of a sub-parallel one run alike."""
    fractures = line_complexes[0]
    groups = {}
    for line in fractures:
        groups.setdefault(line.group, []).append(line)
    crossing, alike = 0, 0
    for members in groups.values():
        if len(members) < 3:
            continue
        lines = [shapely.LineString(line.points) for line in members]
        if len(shapely.get_parts(shapely.polygonize([shapely.union_all(shapely.set_precision(lines, 2.5))]))) > 1:
            crossing += 1
        way = np.array([line.points[-1] - line.points[0] for line in members])
        angle = np.arctan2(way[:, 1], way[:, 0])
        alike += abs(np.exp(2j * angle).mean()) > 0.85
    assert crossing >= 5
    assert alike >= 0.2 * len([1 for members in groups.values() if len(members) > 2])
    lengths = np.array([line.length_m for line in fractures])
    straight = np.array([np.hypot(*(line.points[-1] - line.points[0])) for line in fractures])
    bent = straight / lengths
    assert 0.75 < np.median(bent) < 0.995, "curvilinear: neither straight nor curled up"


def test_boxes_have_beds_and_fill_takes_depth():
    rng = np.random.default_rng(2)
    path = resample([[0.0, 0.0], [150.0, 0.0]])

    def drawn(**settings):
        settings = SceneSettings(depth_to_width=(0.1, 0.1), fracture_degradation=0.0, **settings)
        return [line_feature_along(path, 12.0, settings, rng) for _ in range(300)]

    boxes, vees = drawn(fracture_box_share=1.0, fracture_fill=0.0), drawn(fracture_box_share=0.0, fracture_fill=0.0)
    assert max(line.wall for line in boxes) < 0.6 < min(line.wall for line in vees)
    filled = drawn(fracture_box_share=0.0, fracture_fill=0.4)
    depth = np.mean([line.depth_m.mean() for line in filled]) / np.mean([line.depth_m.mean() for line in vees])
    assert depth == pytest.approx(0.6, abs=0.05)
    assert np.mean([line.wall for line in filled]) < 0.75 * np.mean([line.wall for line in vees])


@pytest.mark.parametrize(("wall", "bed"), [(1.0, 0.1), (0.3, 0.6)])
def test_cross_sections(wall, bed):
    def section(softness):
        field = np.zeros((81, 81), np.float32)
        line = np.array([40.0, 40.0]), np.array([-5.0, 85.0])
        carve_lines(
            field,
            *line,
            *[np.full(2, 20.0)] * 2,
            np.full(2, 4.0),
            np.full(1, wall),
            np.full(1, softness),
            np.array([0, 2]),
        )
        return field[40]

    sharp = section(0.0)
    assert sharp.max() == pytest.approx(4.0, rel=0.02)
    assert np.mean(sharp[20:61] > 0.97 * sharp.max()) == pytest.approx(bed, abs=0.15)
    assert np.all(np.diff(sharp[10:41]) >= 0)
    worn = section(1.0)
    assert worn.max() < 0.85 * sharp.max()
    assert np.abs(np.diff(worn)).max() < np.abs(np.diff(sharp)).max()
    assert worn[:10].max() == 0.0


def test_wrinkles_are_low_close_and_lopsided(line_complexes):
    wrinkles = [line for line in line_complexes[1] if line.group > 200000]
    ridges = [line for line in line_complexes[1] if line.group <= 200000]
    shares = sum(line.length_m for line in wrinkles) / sum(line.length_m for line in line_complexes[1])
    assert shares == pytest.approx(0.25, abs=0.07)
    assert len(ridges) > 100
    lopsided = np.array([line.left_m.mean() / line.right_m.mean() for line in wrinkles])
    np.testing.assert_allclose(lopsided, 1.35 / 0.65, rtol=0.01)
    low, high = (np.median([line.depth_m.max() / line.width_m for line in lines]) for lines in (wrinkles, ridges))
    assert low < 0.8 * high
    trains = {}
    for line in wrinkles:
        trains.setdefault(line.group, []).append(shapely.LineString(line.points))
    gaps = [shapely.distance(train[0], train[1]) for train in trains.values() if len(train) > 3]
    assert np.median(gaps) < 25.0
