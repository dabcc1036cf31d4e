"""Principal axes of polygons and lines. An axis has no sense: degrees clockwise from y (north), 0..180."""

import numpy as np
import shapely


def axial_difference_deg(one: float | np.ndarray, other: float | np.ndarray) -> float | np.ndarray:
    """Return the angle between two axes, 0..90 degrees; arrays broadcast."""
    return np.abs((np.asarray(one) - other + 90.0) % 180.0 - 90.0)


def polygon_principal_axis(polygon: shapely.Polygon | shapely.MultiPolygon) -> tuple[float, float]:
    """Return the axis of least inertia of a polygon's area, and its elongation.

    Parameters
    ----------
    polygon : shapely.Polygon or shapely.MultiPolygon

    Returns
    -------
    axis_deg : float
    elongation : float
        Standard deviation along the axis, divided by that across it. For a rectangle it is length / width.
    """
    moments = np.zeros((2, 2))
    centre = shapely.get_coordinates(shapely.centroid(polygon))[0]
    for part in shapely.get_parts(polygon):
        for number, ring in enumerate((part.exterior, *part.interiors)):
            points = shapely.get_coordinates(ring) - centre
            start, end = points[:-1], points[1:]
            # Twice the signed areas of the triangles between the centre and each side.
            area = start[:, 0] * end[:, 1] - end[:, 0] * start[:, 1]
            both = start + end
            second = sum(np.einsum("n,ni,nj->ij", area, side, side) for side in (start, end, both)) / 24
            moments += second * np.sign(area.sum()) * (-1 if number else 1)
    return _principal(moments)


def line_principal_axis(lines: shapely.LineString | shapely.MultiLineString) -> tuple[float, float]:
    """Return the axis of least inertia of lines, and the elongation, as `polygon_principal_axis` does.

    Parameters
    ----------
    lines : shapely geometry
        Lines. Their total length is above 0.
    """
    segments = [shapely.get_coordinates(part) for part in shapely.get_parts(lines)]
    start = np.concatenate([points[:-1] for points in segments])
    end = np.concatenate([points[1:] for points in segments])
    length = np.hypot(*(end - start).T)
    centre = (length[:, np.newaxis] * (start + end) / 2).sum(0) / length.sum()
    start, end = start - centre, end - centre
    moments = sum(np.einsum("n,ni,nj->ij", length, side, side) for side in (start, end, start + end)) / 6
    return _principal(moments)


def _principal(moments):
    (small, large), axes = np.linalg.eigh(moments)
    return float(np.degrees(np.arctan2(*axes[:, 1])) % 180.0), float(np.sqrt(max(large, 0) / max(small, 1e-12 * large)))
