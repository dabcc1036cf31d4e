"""Candidate melt ponds: clusters of fractures outside every mapped floor and pond.

The paper found unmapped ponds where fractures clustered; it gives no rule for this. Here fractures that come close to
each other on the ground are one cluster, and a cluster of enough fractures is a candidate.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..maps.bodies import body_of
from ..maps.grids import MapGrid, transformed
from ..maps.ground_plane import GroundPlane
from ..maps.large_shapes import pieces_of
from .accept import OUTSIDE
from .limits import POND_GAP_M, POND_MIN_FRACTURES, POND_MIN_LENGTH_M

COLUMNS = ("pond", "fractures", "total_length_m", "area_m2", "density_km_km2", "confidence", "lon_deg", "lat_deg")

# The map's edge is curved on the ground: it gets a point every so many pixels.
_EDGE_PX = 100
# Side of the cells in which shapes are gathered, as a share of the gap: their diagonal is shorter than the gap.
_CELL_SHARE = 0.7


@dataclass(frozen=True)
class PondRule:
    """Conditions for a candidate pond.

    Attributes
    ----------
    gap_m : float
        Fractures this close to each other, on the ground, belong to one cluster.
    min_fractures : int
        A candidate has at least so many fractures.
    min_length_m : float
        The fractures of a candidate have at least this total length, with branches.
    """

    gap_m: float = POND_GAP_M
    min_fractures: int = POND_MIN_FRACTURES
    min_length_m: float = POND_MIN_LENGTH_M


def outside_fractures(
    kept: gpd.GeoDataFrame, rejected: gpd.GeoDataFrame, boundary: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Return the fractures outside every mapped floor and pond that are large enough and not along a seam.

    Parameters
    ----------
    kept, rejected : geopandas.GeoDataFrame
        See `accept.filter_fractures`. Fractures that were rejected as outside passed all other filters.
    boundary : geopandas.GeoDataFrame, optional
        Polygons of floors and ponds; without them all fractures lie outside.

    Returns
    -------
    geopandas.GeoDataFrame
        With the columns of `kept`.
    """
    if boundary is None or not len(boundary):
        return kept
    known, _ = pieces_of(shapely.make_valid(boundary.geometry.values))
    touching, _ = shapely.STRtree(known).query(kept.geometry.values, predicate="intersects")
    # If the filter by boundary is off, fractures outside are among the kept ones.
    kept_outside = kept[~np.isin(np.arange(len(kept)), touching)]
    frames = [frame for frame in (kept_outside, rejected[rejected["reason"] == OUTSIDE]) if len(frame)]
    if not frames:
        return kept.iloc[:0]
    joined = frames[0] if len(frames) == 1 else pd.concat(frames)
    return gpd.GeoDataFrame(joined[list(kept.columns)], crs=kept.crs).reset_index(drop=True)


def candidate_ponds(
    fractures: gpd.GeoDataFrame, grid: MapGrid, rule: PondRule, known: gpd.GeoDataFrame | None = None
) -> gpd.GeoDataFrame:
    """Return the outlines of clusters of fractures that are candidate ponds.

    The outline is the ground between the cluster's fractures and a quarter of the rule's gap around them: they are
    buffered by the gap, holes are filled, and the edge is moved back by three quarters of the gap. Mapped floors and
    ponds are cut out, and so is the ground off the map.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        See `outside_fractures`.
    grid : MapGrid
        Grid of the map.
    rule : PondRule
    known : geopandas.GeoDataFrame, optional
        Polygons of mapped floors and ponds.

    Returns
    -------
    geopandas.GeoDataFrame
        In the map's CRS, the longest total length first: ``pond`` (from 1), ``fractures`` (their number),
        ``total_length_m`` of the fractures, ``area_m2`` of the outline, ``density_km_km2`` (length over area), mean
        ``confidence`` of the fractures weighted by area, ``lon_deg`` and ``lat_deg`` of a place inside the outline.
    """
    plane = GroundPlane(grid)
    shapes = plane.from_map(fractures.geometry.values)
    cluster = _clusters(shapes, rule.gap_m)
    length, area, confidence = (fractures[name].to_numpy(float) for name in ("total_length_m", "area_m2", "confidence"))
    (open_ground,) = plane.from_map([shapely.segmentize(shapely.box(*grid.bounds), _EDGE_PX * grid.resolution_m)])
    areas = shapely.make_valid(known.geometry.values) if known is not None else np.empty(0, object)
    mapped, _ = pieces_of(plane.from_map(areas))
    tree = shapely.STRtree(mapped)
    rows = []
    order = np.argsort(cluster, kind="stable")
    for chosen in np.split(order, np.cumsum(np.bincount(cluster))[:-1]):
        if len(chosen) < rule.min_fractures or length[chosen].sum() < rule.min_length_m:
            continue
        outline = shapely.intersection(_outline(shapes[chosen], rule.gap_m), open_ground)
        outline = shapely.difference(outline, shapely.union_all(mapped[tree.query(outline)]))
        total_m = float(length[chosen].sum())
        rows.append(
            {
                "fractures": len(chosen),
                "total_length_m": round(total_m, 1),
                "area_m2": round(outline.area, 1),
                "density_km_km2": round(1e3 * total_m / outline.area, 2),
                "confidence": round(float(np.average(confidence[chosen], weights=area[chosen])), 3),
                "geometry": outline,
            }
        )
    rows.sort(key=lambda row: -row["total_length_m"])
    columns = {name: [row[name] for row in rows] for name in COLUMNS[1:6]}
    frame = gpd.GeoDataFrame(columns, geometry=[row["geometry"] for row in rows], crs=plane.crs)
    frame.insert(0, "pond", np.arange(1, len(rows) + 1))
    middles = shapely.get_coordinates(shapely.point_on_surface(frame.geometry.values)).T
    lon, lat = transformed(body_of(plane.crs).to_lonlat(plane.crs), *middles)
    frame["lon_deg"], frame["lat_deg"] = np.round(lon, 7), np.round(lat, 7)
    return frame.to_crs(fractures.crs)


def _clusters(shapes, gap_m):
    """Return the number of each shape's cluster, int (N,): shapes within a gap of each other are in one cluster.

    Shapes whose first points lie in one small cell are within a gap. So cells are compared instead of shapes: in a
    dense map each shape has thousands of others around it, and each cell a few.
    """
    points, owner = shapely.get_coordinates(shapes, return_index=True)
    cells = np.floor(points[np.unique(owner, return_index=True)[1]] / (_CELL_SHARE * gap_m))
    cell = np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1)
    pieces, owner = pieces_of(shapes)
    order = np.argsort(cell[owner], kind="stable")
    together = shapely.geometrycollections(pieces[order], indices=cell[owner][order])
    one, other = shapely.STRtree(together).query(together, predicate="dwithin", distance=gap_m)
    graph = coo_matrix((np.ones(len(one)), (one, other)), shape=(len(together), len(together)))
    _, first, cluster = np.unique(
        connected_components(graph, directed=False)[1][cell], return_index=True, return_inverse=True
    )
    return np.argsort(np.argsort(first))[cluster]


def _outline(shapes, gap_m):
    """Return the ground between shapes and close around them, see `candidate_ponds`."""
    # Buffered by the whole gap, so that shapes a gap apart are still connected after the edge is moved back.
    around = shapely.union_all(shapely.buffer(shapes, gap_m, quad_segs=8))
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(around))))
    return shapely.simplify(shapely.buffer(filled, -0.75 * gap_m), gap_m / 100)
