"""Candidate melt ponds: clusters of fractures outside every mapped floor and pond.

The paper found ponds that nobody had mapped because fractures clustered there; it gives no rule for it. Here fractures
that come close to each other on the ground are one cluster, and a cluster of enough of them is a candidate.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..core.choices import PONDS
from ..maps.bodies import body_of
from ..maps.grids import transformed
from ..maps.ground_plane import GroundPlane
from .accept import OUTSIDE

COLUMNS = ("pond", "fractures", "total_length_m", "area_m2", "density_km_km2", "confidence", "lon_deg", "lat_deg")

# The map's edge is bent on the ground: taken by so many pixels at a time.
_EDGE_PX = 100


@dataclass(frozen=True)
class PondRule:
    """What makes a candidate.

    Attributes
    ----------
    gap_m : float
        Fractures this close to each other, on the ground, belong to one cluster.
    min_fractures : int
        A candidate has at least so many.
    min_length_m : float
        And at least this total length with branches.
    """

    gap_m: float = PONDS["gap_m"]
    min_fractures: int = PONDS["min_fractures"]
    min_length_m: float = PONDS["min_length_m"]


def outside_fractures(kept, rejected, boundary=None):
    """Fractures that lie outside every mapped floor and pond, large enough and on no seam.

    Parameters
    ----------
    kept, rejected : geopandas.GeoDataFrame
        See `filters.filter_fractures`. Those rejected as outside are fractures like any other but for their place.
    boundary : geopandas.GeoDataFrame, optional
        Polygons of floors and ponds; without them all lie outside.

    Returns
    -------
    geopandas.GeoDataFrame
        With the columns of `kept`.
    """
    if boundary is None or not len(boundary):
        return kept
    known = shapely.union_all(shapely.make_valid(boundary.geometry.values))
    # Where the filter is off, those outside are among the kept ones.
    off = kept[~shapely.intersects(known, kept.geometry.values)]
    frames = [frame for frame in (off, rejected[rejected["reason"] == OUTSIDE]) if len(frame)]
    if not frames:
        return kept.iloc[:0]
    joined = frames[0] if len(frames) == 1 else pd.concat(frames)
    return gpd.GeoDataFrame(joined[list(kept.columns)], crs=kept.crs).reset_index(drop=True)


def candidate_ponds(fractures, grid, rule, known=None):
    """Clusters of fractures as polygons.

    The outline is the ground within a gap of the cluster's fractures, holes filled, less three quarters of the gap
    along its edge: what lies between fractures, and a quarter of the gap around them. Mapped floors and ponds are cut
    out, and what lies off the map.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        See `outside_fractures`.
    grid : MapGrid
        Of the map.
    rule : PondRule
    known : geopandas.GeoDataFrame, optional
        Polygons of mapped floors and ponds.

    Returns
    -------
    geopandas.GeoDataFrame
        On the map's CRS, the longest total length first: ``pond`` (from 1), ``fractures`` (number), ``total_length_m``
        of them, ``area_m2`` of the outline, ``density_km_km2`` (length over area), mean ``confidence`` weighted by
        area, ``lon_deg``, ``lat_deg`` of the outline's middle.
    """
    plane = GroundPlane(grid)
    shapes = plane.from_map(fractures.geometry.values)
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="dwithin", distance=rule.gap_m) if len(shapes) else ((), ())
    graph = coo_matrix((np.ones(len(one)), (one, other)), shape=(len(shapes), len(shapes)))
    cluster = connected_components(graph, directed=False)[1] if len(shapes) else np.zeros(0, int)
    length, area, confidence = (fractures[name].to_numpy(float) for name in ("total_length_m", "area_m2", "confidence"))
    (open_ground,) = plane.from_map([shapely.segmentize(shapely.box(*grid.bounds), _EDGE_PX * grid.resolution_m)])
    if known is not None and len(known):
        mapped = shapely.union_all(plane.from_map(shapely.make_valid(known.geometry.values)))
        open_ground = shapely.difference(open_ground, mapped)
    rows = []
    for number in range(cluster.max(initial=-1) + 1):
        chosen = cluster == number
        if chosen.sum() < rule.min_fractures or length[chosen].sum() < rule.min_length_m:
            continue
        outline = shapely.intersection(_outline(shapes[chosen], rule.gap_m), open_ground)
        total_m = float(length[chosen].sum())
        rows.append(
            {
                "fractures": int(chosen.sum()),
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


def _outline(shapes, gap_m):
    """What lies around shapes and between them."""
    # By the whole gap, so that what is a gap apart hangs together after the way back.
    around = shapely.union_all(shapely.buffer(shapes, gap_m, quad_segs=8))
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(around))))
    return shapely.simplify(shapely.buffer(filled, -0.75 * gap_m), gap_m / 100)
