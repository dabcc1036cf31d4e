"""Footprints of images and areas of interest: in longitude and latitude, and on a local equal-area map.

In longitude and latitude, an outline is drawn on a cylindrical map: longitudes are within -180..180, an outline that
crosses the seam has several parts, and one that surrounds a pole has points along that pole. Areas are compared on a
map centred on the target, where seam and poles are no special places.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import antimeridian
import numpy as np
import shapely
from pyproj import Transformer
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import LambertAzimuthalEqualAreaConversion
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from ..maps.bodies import body
from ..maps.geometry import lonlat_of, point_of

_STEP_DEG = 0.5
# A straight edge in longitude and latitude may lie this far off the great circle that it stands for.
_BEND_M = 5.0
_DEEPEST = 12
# Of an outline whose edges follow great circles. One long edge takes some thousand.
_MOST_VERTICES = 500_000


@dataclass(frozen=True)
class LocalMap:
    """Equal-area map centred on a place.

    Attributes
    ----------
    lon_deg, lat_deg : float
        Centre of the map.
    body_name : str
    """

    lon_deg: float
    lat_deg: float
    body_name: str = "moon"

    @classmethod
    def about(cls, outline: BaseGeometry, body_name: str = "moon") -> Self:
        """Return the map centred on the middle of an outline in longitude and latitude."""
        points = point_of(*shapely.get_coordinates(outline).T, 1.0)
        lon, lat = lonlat_of(points.mean(axis=0))
        return cls((float(lon) + 180.0) % 360.0 - 180.0, float(lat), body_name)

    @cached_property
    def crs(self) -> ProjectedCRS:
        """Lambert azimuthal equal-area projection, in metres."""
        conversion = LambertAzimuthalEqualAreaConversion(self.lat_deg, self.lon_deg)
        return ProjectedCRS(conversion=conversion, geodetic_crs=body(self.body_name).geographic)

    @cached_property
    def _to_map(self):
        return Transformer.from_crs(body(self.body_name).geographic, self.crs, always_xy=True)

    def to_map(self, lon_deg: np.ndarray, lat_deg: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return map coordinates x, y in metres of places; infinite for the antipode, which is not on the map."""
        return self._to_map.transform(lon_deg, lat_deg)

    def project(self, outline: BaseGeometry | np.ndarray) -> BaseGeometry | np.ndarray:
        """Return outlines (one, or an array) on the map, in metres; empty where a vertex is not on the map.

        The edges of the outlines are straight on a cylindrical map: long ones are followed in steps.
        """
        dense = shapely.segmentize(outline, _STEP_DEG)
        projected = shapely.transform(dense, self.to_map, interleaved=False)
        seen = np.isfinite(shapely.bounds(projected)).all(axis=-1) | shapely.is_empty(projected)
        return np.where(seen, projected, Polygon())[()]

    def lonlat(self, outline: Polygon) -> Polygon | MultiPolygon:
        """Return an outline on the map in longitude and latitude, in the form that the module describes."""
        ring = shapely.get_coordinates(outline.exterior)
        lon, lat = self._to_map.transform(ring[:, 0], ring[:, 1], direction="INVERSE")
        return canonical_footprint(Polygon(np.column_stack([lon, lat])), self.body_name)


def canonical_footprint(outline: Polygon | MultiPolygon, body_name: str = "moon") -> Polygon | MultiPolygon:
    """Return an outline in the form that the module describes.

    Parameters
    ----------
    outline : Polygon or MultiPolygon
        In degrees; longitudes may be in any turn. Great circles join its vertices.

    Returns
    -------
    Polygon or MultiPolygon
        Normalised, so that equal outlines have equal WKT.

    Raises
    ------
    ValueError
        Where the corners make no outline: they are all at a pole, or have edges that take too many vertices to follow.
    """
    parts = outline.geoms if isinstance(outline, MultiPolygon) else [outline]
    found = [_canonical_part(part, body_name) for part in parts if not part.is_empty]
    return shapely.normalize(shapely.union_all(found) if len(found) > 1 else found[0])


def _canonical_part(polygon, body_name):
    ring = _bent(shapely.get_coordinates(polygon.exterior)[:-1], np.degrees(1.0 / body(body_name).radius_m))
    lon = (ring[:, 0] + 180.0) % 360.0 - 180.0
    # Round a pole, the turns from corner to corner add up to 360 degrees.
    turns = (np.diff(np.append(lon, lon[0])) + 180.0) % 360.0 - 180.0
    polar = abs(turns.sum()) > 180.0
    if not polar and np.allclose(turns, np.diff(np.append(lon, lon[0]))):
        plain = Polygon(np.column_stack([lon, ring[:, 1]]))
        return plain if plain.is_valid else shapely.make_valid(plain)
    north = ring[:, 1].mean() > 0
    fixed = antimeridian.fix_polygon(
        Polygon(np.column_stack([lon, ring[:, 1]])),
        force_north_pole=polar and north,
        force_south_pole=polar and not north,
        fix_winding=True,
        great_circle=True,
    )
    return fixed if fixed.is_valid else shapely.make_valid(fixed)


def _bent(ring, metre_deg):
    """Vertices (N, 2), with more between them where great circles bend on a cylindrical map: by halving."""
    for _ in range(_DEEPEST):
        end = np.roll(ring, -1, axis=0)
        turn = (end[:, 0] - ring[:, 0] + 180.0) % 360.0 - 180.0
        straight = point_of(ring[:, 0] + turn / 2.0, (ring[:, 1] + end[:, 1]) / 2.0, 1.0)
        middle = point_of(*ring.T, 1.0) + point_of(*end.T, 1.0)
        length = np.linalg.norm(middle, axis=1)
        # Between opposite places, every way is a great circle.
        apart = np.linalg.norm(middle / np.maximum(length, 1e-9)[:, None] - straight, axis=1)
        bent = np.flatnonzero((length >= 1e-9) & (apart >= np.radians(_BEND_M * metre_deg)))
        if not len(bent):
            break
        if len(ring) + len(bent) > _MOST_VERTICES:
            raise ValueError(f"it has {len(ring)} corners, and long edges")
        ring = np.insert(ring, bent + 1, np.stack(lonlat_of(middle[bent]), axis=-1), axis=0)
    return ring


def lonlat_box(outline: Polygon | MultiPolygon) -> list[tuple[float, float, float, float]]:
    """Return the bounds of an outline, in the form of ODE's queries.

    Parameters
    ----------
    outline : Polygon or MultiPolygon
        In longitude and latitude, in the form that the module describes.

    Returns
    -------
    list of tuple
        (west, south, east, north) in degrees, longitudes 0..360. East is less than west where the box crosses the
        meridian of 0. Two halves where the outline goes round a pole.
    """
    parts = outline.geoms if isinstance(outline, MultiPolygon) else [outline]
    south, north = outline.bounds[1], outline.bounds[3]
    spans = sorted((part.bounds[0] % 360.0, part.bounds[2] - part.bounds[0]) for part in parts)
    # The box leaves out the widest gap between the parts.
    ends, reach = [], -np.inf
    for west, width in spans:
        ends.append((west - reach, west, reach))
        reach = max(reach, west + width)
    around = spans[0][0] + 360.0 - reach
    gap, west, east = max((around, spans[0][0], reach), max(ends[1:], default=(-np.inf, 0.0, 0.0)))
    if gap < 1e-9:
        return [(0.0, south, 180.0, north), (180.0, south, 359.999999, north)]
    return [(west % 360.0, south, east % 360.0, north)]
