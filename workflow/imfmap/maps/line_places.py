"""Places along lines. Shapely's own function walks a line from its start for every place that it is asked for."""

import numpy as np
import shapely


def places_along(line: shapely.LineString, shares: np.ndarray) -> np.ndarray:
    """Return places along a line.

    Parameters
    ----------
    line : shapely.LineString
    shares : ndarray
        (N,) of the line's length, 0..1.

    Returns
    -------
    ndarray
        (N, 2) x, y.
    """
    points = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    at = np.asarray(shares, float) * along[-1]
    return np.stack([np.interp(at, along, axis) for axis in points.T], axis=-1)


def even_places(lines: np.ndarray, counts: np.ndarray, ends: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return places at even steps along lines.

    Parameters
    ----------
    lines : ndarray
        object (L,) of shapely.LineString.
    counts : ndarray
        int (L,) number of steps of each line, at least 1.
    ends : bool
        Whether the places are the ends of the steps (one more than steps), not their middles.

    Returns
    -------
    places : ndarray
        (N, 2) x, y.
    owner : ndarray
        int (N,) the line of each place.
    """
    places = [
        places_along(line, np.arange(count + 1) / count if ends else (np.arange(count) + 0.5) / count)
        for line, count in zip(lines, counts, strict=True)
    ]
    owner = np.repeat(np.arange(len(lines)), np.asarray(counts, int) + ends)
    return np.concatenate([np.zeros((0, 2)), *places]), owner
