"""Compare the distance of fractures from the foot of the crater wall with that of fractures at random places.

A random set has every fracture of the map once, with its length and shape, turned by a random angle and moved to a
random place of the mapped floor. The rules of the map hold for random fractures too: a fracture of which less than half
lies on the floor is placed again, and the parts outside the floor or the images are cut off.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import rasterize
from scipy.ndimage import distance_transform_edt, map_coordinates

from ..maps.grids import MapGrid
from ..maps.large_shapes import even_places, pieces_of
from .accept import INSIDE_SHARE

if TYPE_CHECKING:
    from ..maps.ground_plane import GroundPlane, MappedGround

# Distance of points along centrelines; it is larger if the points would be more than the second number.
POINT_M = 10.0
MOST_POINTS = 20_000
# Nodes along the longer side of the mesh that holds distance and floor.
_NODES = 1500
# Random places are tried so many times for each fracture.
_TRIES = 50
# An outline this close to its bounding box runs along the box.
_STRAIGHT_PX = 0.01
# Number of steps of the distances in the result.
DISTANCES = 60
QUANTILES = (0.025, 0.975)


@dataclass(frozen=True)
class Distances:
    """Shares of the fractures' length that lie closer to the wall than given distances.

    Attributes
    ----------
    distance_m : ndarray
        (D,) from 0 to the largest on the mapped floor.
    observed, expected, low, high : ndarray
        (D,) shares, 0..1: of the map; mean of the random sets; and their quantiles `QUANTILES`.
    observed_mean_m, expected_mean_m : float
        Mean distance of the map's fractures and of the random sets, weighted by length.
    mean_range_m : tuple of float
        Quantiles of the random sets' mean distances.
    p_value : float
        Two-sided: share of the sets, the map among them, whose mean distance differs from the expected one by at least
        as much as the map's.
    floor_km2 : float
        Area of the mapped floor.
    length_km : float
        Length of the fractures on the mapped floor.
    sets : int
        Number of random sets.
    """

    distance_m: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    low: np.ndarray
    high: np.ndarray
    observed_mean_m: float
    expected_mean_m: float
    mean_range_m: tuple
    p_value: float
    floor_km2: float
    length_km: float
    sets: int

    def summary(self) -> dict[str, Any]:
        """Return the numbers for the summary of a target, with the shares at about ten distances."""
        every = slice(None, None, max(1, len(self.distance_m) // 10))
        return {
            "floor_km2": round(self.floor_km2, 4),
            "length_km": round(self.length_km, 3),
            "random_sets": self.sets,
            "mean_m": round(self.observed_mean_m, 1),
            "random_mean_m": round(self.expected_mean_m, 1),
            "random_mean_range_m": [round(value, 1) for value in self.mean_range_m],
            "p_value": round(self.p_value, 4),
            "within_m": np.round(self.distance_m[every], 1).tolist(),
            "share": np.round(self.observed[every], 4).tolist(),
            "random_share": np.round(self.expected[every], 4).tolist(),
        }


def boundary_distances(
    centrelines: gpd.GeoDataFrame,
    floor: gpd.GeoDataFrame,
    mapped: "MappedGround",
    plane: "GroundPlane",
    sets: int,
    seed: int,
) -> Distances | None:
    """Measure the distances of fractures to the wall, and those of random sets of the same fractures.

    Parameters
    ----------
    centrelines : geopandas.GeoDataFrame
        See `measures.measure`.
    floor : geopandas.GeoDataFrame
        Polygons of the crater floor. Their outline is the foot of the wall, except where it runs along the edges of the
        map or of its own bounding box: there the floor was cut.
    mapped : ground_plane.MappedGround
    plane : ground_plane.GroundPlane
    sets : int
        Number of random sets.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    Distances or None
        None if no wall or no fracture lies on the map.
    """
    if not len(centrelines) or not shapely.area(floor.geometry.values).sum():
        return None
    walls = _walls(floor, mapped.grid)
    if not shapely.length(walls):
        return None
    field = _Field.of(walls, floor, mapped, plane)
    total_m = float(centrelines["length_m"].sum())
    spacing_m = max(POINT_M, total_m / MOST_POINTS)
    points, fracture = _points(plane.from_map(centrelines.geometry.values), centrelines, spacing_m)
    on_floor = field.counted(points)
    if not on_floor.any() or not len(field.places):
        return None
    middles = np.stack([np.bincount(fracture, values) for values in points.T], axis=-1)
    middles /= np.maximum(np.bincount(fracture), 1)[:, np.newaxis]
    from_middle = points - middles[fracture]
    # Random sets have only the fractures of which enough lies on the floor.
    inside = np.bincount(fracture, on_floor) >= INSIDE_SHARE * np.bincount(fracture)
    chosen = np.flatnonzero(inside[fracture])
    if not len(chosen):
        return None
    from_middle, owner = from_middle[chosen], np.unique(fracture[chosen], return_inverse=True)[1]
    observed = np.sort(field.distance(points[chosen][on_floor[chosen]]))
    distance_m = np.linspace(0.0, field.furthest_m, DISTANCES + 1)
    rng = np.random.default_rng(seed)
    shares, means = np.zeros((sets, len(distance_m))), np.zeros(sets)
    for number in range(sets):
        distances = np.sort(_random_set(field, from_middle, owner, rng))
        shares[number], means[number] = _shares(distances, distance_m), distances.mean()
    further = np.abs(means - means.mean()) >= abs(observed.mean() - means.mean())
    return Distances(
        distance_m,
        _shares(observed, distance_m),
        shares.mean(axis=0),
        *np.quantile(shares, QUANTILES, axis=0),
        float(observed.mean()),
        float(means.mean()),
        tuple(map(float, np.quantile(means, QUANTILES))),
        float((further.sum() + 1) / (sets + 1)),
        field.floor_km2,
        len(observed) * spacing_m / 1e3,
        sets,
    )


class _Field:
    """Mesh of the plane with the distance to the wall, the floor, and the mapped floor."""

    def __init__(self, grid, distance, inside, counted):
        self._grid, self._distance, self._inside, self._counted = grid, distance, inside, counted
        self.places = np.flatnonzero(counted)
        self.floor_km2 = float(counted.sum()) * grid.resolution_m**2 / 1e6
        # Random places lie between the nodes, up to half a step further away.
        self.furthest_m = float(distance[counted].max()) + grid.resolution_m if counted.any() else 0.0

    @classmethod
    def of(cls, walls, floor, mapped, plane):
        *flat, wall = plane.from_map(np.array([*floor.geometry.values, walls], object))
        bounds = shapely.total_bounds(flat)
        step_m = max(bounds[2] - bounds[0], bounds[3] - bounds[1], 1.0) / _NODES
        # One step more on each side, for points on the edge.
        grid = MapGrid.covering(plane.crs, bounds + step_m * np.array([-1, -1, 1, 1]), step_m)
        x, y = grid.xy(*np.indices(grid.shape))
        inside = rasterize(pieces_of(flat)[0], grid.shape, transform=grid.transform, dtype="uint8").astype(bool)
        counted = inside & (mapped.at(*plane.to_map(x, y)) >= 0.5)
        on_wall = rasterize([wall], grid.shape, transform=grid.transform, all_touched=True, dtype="uint8")
        distance = distance_transform_edt(on_wall == 0, sampling=grid.resolution_m)
        return cls(grid, distance, inside, counted)

    def distance(self, points):
        """Return the distances to the wall in metres, (N,)."""
        return map_coordinates(self._distance, self._grid.rowcol(*points.T), order=1, mode="nearest")

    def inside(self, points):
        """Return which points lie on the floor, mapped or not: bool (N,)."""
        return self._at(self._inside, points)

    def counted(self, points):
        """Return which points lie on the mapped floor: bool (N,)."""
        return self._at(self._counted, points)

    def random(self, count, rng):
        """Return random places on the mapped floor, (count, 2), evenly distributed."""
        row, column = np.unravel_index(rng.choice(self.places, count), self._counted.shape)
        return np.column_stack(self._grid.xy(row + rng.random(count) - 0.5, column + rng.random(count) - 0.5))

    def _at(self, layer, points):
        row, column = (np.rint(values).astype(int) for values in self._grid.rowcol(*points.T))
        on_mesh = (row >= 0) & (row < layer.shape[0]) & (column >= 0) & (column < layer.shape[1])
        values = np.zeros(len(points), bool)
        values[on_mesh] = layer[row[on_mesh], column[on_mesh]]
        return values


def _walls(floor, grid):
    """Return the floor's outlines without the parts along the map's edges or the edges of its own bounding box."""
    polygon = shapely.union_all(shapely.make_valid(floor.geometry.values))
    cuts = (_frame(grid.bounds, grid.resolution_m), _frame(polygon.bounds, _STRAIGHT_PX * grid.resolution_m))
    return shapely.difference(shapely.boundary(polygon), shapely.union_all(cuts))


def _frame(bounds, width_m):
    """Return the area that lies closer to the edges of a box than `width_m`."""
    left, bottom, right, top = bounds
    outer = shapely.box(left - width_m, bottom - width_m, right + width_m, top + width_m)
    return outer.difference(shapely.box(left + width_m, bottom + width_m, right - width_m, top - width_m))


def _points(lines, centrelines, spacing_m):
    """Return points at even steps along lines, and the number (from 0) of each point's fracture."""
    count = np.maximum(1, np.rint(centrelines["length_m"].to_numpy(float) / spacing_m)).astype(int)
    points, line = even_places(lines, count)
    fracture = np.unique(centrelines["fracture"].to_numpy(), return_inverse=True)[1]
    return points, fracture[line]


def _random_set(field, from_middle, owner, rng):
    """Return the distances of one random set's points that lie on the mapped floor."""
    count = owner.max() + 1
    sizes = np.bincount(owner, minlength=count)
    placed, left = np.zeros_like(from_middle), np.ones(count, bool)
    for _ in range(_TRIES):
        again = np.flatnonzero(left)
        middle, turn = np.zeros((count, 2)), np.zeros(count)
        middle[again], turn[again] = field.random(len(again), rng), rng.uniform(0, 2 * np.pi, len(again))
        points = left[owner]
        cosine, sine = np.cos(turn[owner[points]]), np.sin(turn[owner[points]])
        x, y = from_middle[points].T
        placed[points] = middle[owner[points]] + np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=-1)
        on_floor = np.bincount(owner[points], field.inside(placed[points]), minlength=count)
        left &= on_floor < INSIDE_SHARE * sizes
        if not left.any():
            break
    on_map = placed[field.counted(placed)]
    return field.distance(on_map) if len(on_map) else np.zeros(1)


def _shares(distances, at):
    """Return the share of sorted distances that are at most each of `at`."""
    return np.searchsorted(distances, at, side="right") / len(distances)
