"""The simulated ground: heights, albedo, and the exact truth of the objects on it.

Melt floors fracture while they cool, soon after they form. All other objects are younger: craters remove fractures, and
boulders lie on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import rasterize
from scipy.ndimage import map_coordinates

from ..labels.truth_classes import CLASSES
from ..maps.grids import MapGrid
from .debris import boulders as draw_boulders
from .debris import rockfalls, rubble
from .ground import Ground
from .linework import LineFeature
from .noise import band_noise
from .objects import Craters
from .ponds import level_ponds
from .relief_carving import WIPING_AGE, brighten_slopes, carve_lines
from .settings import SceneSettings
from .skyline import Skyline


@dataclass
class Terrain:
    """Ground of a scene.

    Attributes
    ----------
    grid : MapGrid
        Grid of the arrays. It covers the target grid and a margin. Map metres are taken as true metres.
    height_m : ndarray
        float32 (rows, columns), above the body's sphere.
    albedo : ndarray
        float32 (rows, columns), relative to that of the photometric function.
    fractures, ridges, trails : geopandas.GeoDataFrame
        Exact polygons with width_m, length_m, depth_m and group. Their `centreline` has the width in metres as third
        coordinate.
    craters : geopandas.GeoDataFrame
        Polygons with diameter_m, age (see `relief_carving.crater_profiles`) and chain (number of the chain of
        secondaries, 0 if it is in no chain).
    boulders : geopandas.GeoDataFrame
        Polygons with diameter_m and cracked.
    floor, ponds : shapely geometry
        Melt of the floor (empty if the floor is not melt), and ponds of melt on the wall and at small craters.
    skyline : Skyline or None
        Rim beyond the scene whose shadow falls into it.
    """

    grid: MapGrid
    height_m: np.ndarray
    albedo: np.ndarray
    fractures: gpd.GeoDataFrame
    ridges: gpd.GeoDataFrame
    trails: gpd.GeoDataFrame
    craters: gpd.GeoDataFrame
    boulders: gpd.GeoDataFrame
    floor: shapely.Polygon
    ponds: shapely.MultiPolygon
    skyline: Skyline | None = None

    def classes(self, grid: MapGrid | None = None) -> np.ndarray:
        """Return the exact class of every pixel, see `truth_classes.CLASSES`. The object at its centre decides.

        Parameters
        ----------
        grid : MapGrid, optional
            Grid of the result. By default the terrain's own.

        Returns
        -------
        ndarray
            uint8 (rows, columns).
        """
        grid = self.grid if grid is None else grid
        layers = (
            (self.craters, "crater"),
            (self.trails, "trail"),
            (self.ridges, "ridge"),
            (self.fractures, "fracture"),
            (self.boulders, "boulder"),
        )
        shapes = [(shape, CLASSES[name]) for frame, name in layers for shape in frame.geometry]
        if not shapes:
            return np.zeros(grid.shape, np.uint8)
        return rasterize(shapes, out_shape=grid.shape, transform=grid.transform, fill=0, dtype="uint8")


def make_terrain(settings: SceneSettings | Mapping[str, Any], grid: MapGrid, seed: int | None = None) -> Terrain:
    """Make the ground of a scene.

    Parameters
    ----------
    settings : SceneSettings or mapping
    grid : MapGrid
        Target grid, which the terrain covers.
    seed : int, optional
        Seed to use instead of that of the settings.

    Returns
    -------
    Terrain
        Always the same for the same settings, grid and seed.

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = SceneSettings.from_mapping(settings)
    rng = np.random.default_rng(settings.seed if seed is None else seed)
    left, bottom, right, top = grid.bounds
    margin = settings.margin_m
    fine = MapGrid.covering(
        grid.crs, (left - margin, bottom - margin, right + margin, top + margin), settings.terrain_resolution_m
    )
    ground = Ground(settings, grid, fine, rng)
    height, albedo = ground.base()
    relief = np.zeros(fine.shape, np.float32)
    ground.old_craters.add_to(height, relief, albedo, fine)
    level_ponds(height, albedo, ground.pond_list, fine)
    fracture_lines, ridge_lines = ground.lines()
    trail_lines, trail_boulders = rockfalls(ground.wall, settings.trails_per_km, rng)

    cracks = [line for line in fracture_lines if line.is_open]
    if cracks:
        _carve(relief, cracks, fine)
        relief = _ragged(relief, settings.open_cracks.raggedness_m, fine.resolution_m, rng)
    _carve(relief, [line for line in fracture_lines if not line.is_open], fine)
    np.negative(relief, out=relief)
    _carve(relief, ridge_lines, fine)
    craters = Craters.together(
        [Craters.draw(fine.bounds, settings, rng), Craters.secondaries(fine.bounds, settings, rng)]
    )
    craters.add_to(height, relief, albedo, fine)
    height += relief
    relief.fill(0.0)
    _carve(relief, trail_lines, fine)
    height -= relief
    brighten_slopes(albedo, height, fine.resolution_m, settings.slope_brightening)
    fallen = rubble(cracks, settings.open_cracks, rng)
    extra = tuple(np.concatenate(pair) for pair in zip(trail_boulders, fallen, strict=True))
    boulders = draw_boulders(fine.bounds, settings, ground.wall, craters, extra, rng)
    boulders.add_to(height, albedo, fine)

    deep = np.flatnonzero((craters.diameter_m > 8.0) & (craters.age < WIPING_AGE))
    dug = gpd.GeoDataFrame({"diameter_m": craters.diameter_m[deep]}, geometry=list(craters.outlines(deep, scale=1.05)))
    craters = Craters.together([ground.old_craters, craters])
    crater_index = craters.visible(5.0)
    shapes, boulder_index = boulders.outlines(1.5)
    return Terrain(
        grid=fine,
        height_m=height,
        albedo=albedo,
        fractures=_frame(fracture_lines, fine.crs, dug),
        ridges=_frame(ridge_lines, fine.crs, dug),
        trails=_frame(trail_lines, fine.crs),
        craters=gpd.GeoDataFrame(
            {name: getattr(craters, name)[crater_index] for name in ("diameter_m", "age", "chain")},
            geometry=list(craters.outlines(crater_index)),
            crs=fine.crs,
        ),
        boulders=gpd.GeoDataFrame(
            {"diameter_m": boulders.diameter_m[boulder_index], "cracked": ~np.isnan(boulders.crack[boulder_index])},
            geometry=shapes,
            crs=fine.crs,
        ),
        floor=ground.floor,
        ponds=ground.ponds,
        skyline=Skyline.draw(settings, ground.wall.middle, ground.wall.outward, fine.body.radius_m, rng),
    )


def _carve(field, features, grid):
    """Write line features into a field of depths (or heights), in place."""
    if features:
        points = np.vstack([f.points for f in features])
        row, column = grid.rowcol(points[:, 0], points[:, 1])
        sizes = [len(f.points) for f in features]
        carve_lines(
            field, column, row,
            np.concatenate([f.left_m for f in features]) / grid.resolution_m,
            np.concatenate([f.right_m for f in features]) / grid.resolution_m,
            np.concatenate([f.depth_m for f in features]),
            np.array([f.wall for f in features]),
            np.array([f.softness for f in features]),
            np.concatenate([[0], np.cumsum(sizes)]),
        )  # fmt: skip


def _ragged(depth, raggedness_m, pixel_m, rng):
    """Return depths whose edges are moved sideways by random blocks."""
    moves = [band_noise(depth.shape, pixel_m, rng, 4.0, 20.0, hurst=0.5) for _ in range(2)]
    places = np.indices(depth.shape, np.float32)
    for place, move in zip(places, moves, strict=True):
        place += np.float32(raggedness_m / pixel_m) * move
    return map_coordinates(depth, places, order=1, prefilter=False)


def outline(feature: LineFeature) -> shapely.Polygon | shapely.MultiPolygon:
    """Return the exact outline of a line feature: the area between its edges."""
    way = np.gradient(feature.points, axis=0)
    way /= np.hypot(*way.T)[:, None]
    normal = np.column_stack([-way[:, 1], way[:, 0]])
    left = feature.points + normal * feature.left_m[:, None]
    right = feature.points - normal * feature.right_m[:, None]
    ring = shapely.Polygon(np.concatenate([left, right[::-1]]))
    if ring.is_valid:
        return ring
    # In tight bends the edges cross. The union of the quadrilaterals of all steps is the area between them.
    quads = shapely.polygons(np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1))
    bad = ~shapely.is_valid(quads)
    quads[bad] = shapely.convex_hull(quads[bad])
    return shapely.union_all(quads)


def _frame(features, crs, dug=None):
    """Return line features as polygons. Craters larger than a feature's width are cut out of it."""
    shapes = np.array([outline(feature) for feature in features], dtype=object)
    if dug is not None and len(shapes):
        widths = np.array([feature.width_m for feature in features])
        hit, crater = dug.sindex.query(shapes, predicate="intersects")
        larger = dug.diameter_m.to_numpy()[crater] > widths[hit]
        hit, crater = hit[larger], crater[larger]
        for k in np.unique(hit):
            shapes[k] = shapely.difference(shapes[k], shapely.union_all(dug.geometry.to_numpy()[crater[hit == k]]))
    lines = [
        shapely.LineString(np.column_stack([feature.points, feature.left_m + feature.right_m])) for feature in features
    ]
    frame = gpd.GeoDataFrame(
        {
            "width_m": [feature.width_m for feature in features],
            "length_m": [feature.length_m for feature in features],
            "depth_m": [float(np.mean(feature.depth_m)) for feature in features],
            "group": [feature.group for feature in features],
            "centreline": gpd.GeoSeries(lines, crs=crs),
        },
        geometry=gpd.GeoSeries(list(shapes), crs=crs),
        crs=crs,
    )
    return frame[~frame.is_empty]
