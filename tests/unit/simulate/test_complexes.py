"""Fractures and ridges of a simulated floor: the label table's widths and lengths, places, cross-sections."""

import numpy as np
import pytest
import shapely

from imfmap.labels.width_classes import width_class
from imfmap.simulate.linework import MEAN_LENGTH_M, WIDTH_SHARES
from tests.helpers.fracture_networks import ground_of


@pytest.fixture(scope="module")
def network():
    """Fractures and ridges of a large scene with a wall, and its ground."""
    ground, _ = ground_of(
        3200.0, 3200.0, wall_share=0.2, wall_azimuth_deg=20.0, fracture_km_per_km2=12.0, debris_crowding=0.0
    )
    return *ground.lines(), ground


def test_fractures_of_a_scene_keep_the_table(network):
    fractures = network[0]
    names = np.array([width_class(line.width_m) for line in fractures])
    assert len(names) > 700
    for name, share in WIDTH_SHARES.items():
        drawn = names == name
        assert drawn.mean() == pytest.approx(share, abs=4 * np.sqrt(share / len(names)))
        if drawn.sum() > 60:
            # Cut at the edges of melt and scene, drawn on along the sides of polygons.
            mean_m = np.mean([line.length_m for line in np.array(fractures, object)[drawn]])
            assert mean_m == pytest.approx(MEAN_LENGTH_M[name], rel=0.2)


def test_fractures_crowd_at_the_margin_of_the_floor(network):
    fractures, _, ground = network
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


def test_complexes_are_of_the_three_kinds(network):
    """A polygonal complex closes cells; members of a sub-parallel one run alike."""
    fractures = network[0]
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


def test_wrinkles_are_low_close_and_lopsided(network):
    wrinkles = [line for line in network[1] if line.group > 200000]
    ridges = [line for line in network[1] if line.group <= 200000]
    shares = sum(line.length_m for line in wrinkles) / sum(line.length_m for line in network[1])
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
