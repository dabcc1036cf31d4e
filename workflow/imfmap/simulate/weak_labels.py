"""Line labels with a width class, as a person would draw them."""

import geopandas as gpd
import numpy as np
import shapely

from ..labels.width_classes import WIDTH_CLASSES, width_class
from .labelling_habits import LabellingHabits
from .terrain import Terrain

# Shorter parts of a line are not drawn.
_SHORTEST_M = 8.0


def draw_labels(
    terrain: Terrain,
    habits: LabellingHabits,
    rng: np.random.Generator,
    bounds: tuple[float, float, float, float] | None = None,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return labels of the fractures of a terrain, as a person would draw them.

    Parameters
    ----------
    terrain : Terrain
    habits : LabellingHabits
    rng : numpy.random.Generator
    bounds : tuple of float, optional
        Map bounds inside which the person draws. By default, those of the terrain.

    Returns
    -------
    tuple of geopandas.GeoDataFrame
        Lines with `width_class`, and polygons.
    """
    frame = shapely.box(*(bounds or terrain.grid.bounds))
    fractures = terrain.fractures[terrain.fractures.intersects(frame)]
    # Narrow fractures are missed more often. On average, the share is `missed_share`.
    odds = np.clip(1.5 - fractures.width_m.to_numpy() / 15.0, 0.15, 1.5)
    missed = rng.random(len(fractures)) < np.clip(
        habits.missed_share * odds / max(odds.mean() if len(odds) else 1, 1e-9), 0, 1
    )
    drawn = fractures[~missed]
    as_polygon = rng.random(len(drawn)) < habits.polygon_share
    polygons = [_sketched(shape, habits, rng) for shape in drawn.geometry[as_polygon]]

    traced = [
        (line, width) for line, width in zip(drawn.centreline[~as_polygon], drawn.width_m[~as_polygon], strict=True)
    ]
    mistaken = gpd.pd.concat([terrain.ridges, terrain.trails])
    count = min(len(mistaken), rng.poisson(habits.false_share * len(fractures)))
    for index in rng.choice(len(mistaken), count, replace=False):
        traced.append((mistaken.centreline.iloc[index], mistaken.width_m.iloc[index]))
    lines, classes = [], []
    for centreline, width_m in traced:
        line = _traced(centreline, habits, rng)
        # Only lines that leave the frame are cut: an intersection would also break a line where it crosses itself.
        line = line if frame.covers(line) else line.intersection(frame)
        name = _class_named(width_m, habits, rng)
        for part in shapely.get_parts(line):
            if part.length >= _SHORTEST_M:
                lines.append(part)
                classes.append(name)
    polygons = [part.intersection(frame) for part in polygons]
    parts = [part for shape in polygons for part in shapely.get_parts(shape)]
    polygons = [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
    return (
        gpd.GeoDataFrame(
            {"width_class": np.array(classes, object)}, geometry=gpd.GeoSeries(lines), crs=terrain.grid.crs
        ),
        gpd.GeoDataFrame({}, geometry=gpd.GeoSeries(polygons), crs=terrain.grid.crs),
    )


def _traced(centreline, habits, rng):
    """Return a line clicked along a centreline: shortened at the ends, with distant vertices beside the true path."""
    line = shapely.force_2d(centreline)
    cut = rng.uniform(0.0, 2.0 * habits.cut_share)
    start = rng.random() * cut
    first, last = start * line.length, (1.0 - cut + start) * line.length
    gaps = habits.vertex_spacing_m * rng.lognormal(-0.08, 0.4, int(line.length / habits.vertex_spacing_m * 3) + 4)
    at = first + np.concatenate([[0.0], np.cumsum(gaps)])
    at = np.append(at[at < last - 0.3 * habits.vertex_spacing_m], last)
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    # Only the error across the line shows; half of the variance lies along it.
    return shapely.LineString(points + habits.jitter_m * rng.standard_normal(points.shape))


def _sketched(shape, habits, rng):
    """Return an outline drawn by hand: simplified, shifted, too large or too small. Without jitter it is exact."""
    if habits.jitter_m == 0:
        return shape
    shape = max(shapely.get_parts(shape), key=lambda part: part.area)
    moved = shapely.transform(shape, lambda xy: xy + 0.5 * habits.jitter_m * rng.standard_normal(2))
    drawn = moved.buffer(habits.jitter_m * rng.uniform(-0.3, 1.0)).simplify(max(habits.jitter_m, 0.2))
    return shapely.make_valid(drawn if not drawn.is_empty else moved)


def _class_named(width_m, habits, rng):
    index = WIDTH_CLASSES.index(width_class(width_m))
    if rng.random() < habits.wrong_class_share:
        step = 1 if index == 0 else -1 if index == len(WIDTH_CLASSES) - 1 else int(rng.choice([-1, 1]))
        index += step
    return WIDTH_CLASSES[index]
