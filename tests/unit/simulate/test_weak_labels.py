"""Weak labels, drawn with the habits of a person."""

import numpy as np
import pytest
import shapely

from imfmap.labels.width_classes import width_class
from imfmap.simulate.labelling_habits import LabellingHabits
from imfmap.simulate.terrain import make_terrain
from imfmap.simulate.weak_labels import draw_labels
from tests.helpers.scene_grids import SETTINGS, grid_of


def test_weak_labels_keep_their_rates():
    habits = LabellingHabits(
        missed_share=0.2, polygon_share=0.1, wrong_class_share=0.15, cut_share=0.1, false_share=0.0
    )
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
    lines, _ = draw_labels(terrain, LabellingHabits(**exact, wrong_class_share=0.15), rng, wide)
    assert len(lines) == count
    true_class = np.array([width_class(width) for width in terrain.fractures.width_m])
    wrong = (true_class != lines.width_class.to_numpy()).mean()
    assert wrong == pytest.approx(0.15, abs=4 * np.sqrt(0.13 / count))
    true_m = np.array([shapely.force_2d(line).length for line in terrain.fractures.centreline])
    np.testing.assert_allclose(lines.length, true_m, rtol=0.1)
    cut, _ = draw_labels(terrain, LabellingHabits(**exact | {"cut_share": 0.2}, wrong_class_share=0.0), rng, wide)
    assert 1 - cut.length.sum() / true_m.sum() == pytest.approx(0.2, abs=0.04)
    mistaken, _ = draw_labels(
        terrain, LabellingHabits(**exact | {"false_share": 0.2}, wrong_class_share=0.0), rng, wide
    )
    assert len(mistaken) - count == pytest.approx(0.2 * count, abs=4 * np.sqrt(0.2 * count))
    jittered, _ = draw_labels(terrain, LabellingHabits(0.0, 2.0, 22.0, 0.0, 0.0, 0.0, 0.0), rng)
    ways = shapely.union_all(list(terrain.fractures.centreline))
    vertices = shapely.points(shapely.get_coordinates(jittered.geometry))
    assert np.sqrt(np.mean(shapely.distance(vertices, ways) ** 2)) == pytest.approx(2.0, rel=0.25)
