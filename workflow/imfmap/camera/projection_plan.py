"""Plan of a projection: which windows of a map an image reaches, where their pixels lie, which lines they need."""

from dataclasses import dataclass

import numpy as np

from ..maps.geometry import point_of
from .line_scan_numba import ANTIALIASED, WIDEST_SCALE

_WIDEST_STEP_PX = 64
# What positions interpolated between nodes may miss by kinks of the pointing and, between nodes far apart, by its
# curves, generously.
_GUESS_PX, _GUESS_SHARE = 8.0, 0.01


@dataclass(frozen=True, eq=False)
class MapBlock:
    """A window of the map and the mapping of its pixels into the image.

    Attributes
    ----------
    row, column : int
        Upper left pixel in the map's grid.
    grid : MapGrid
        The window.
    points : ndarray
        (node rows, node columns, 3) body-fixed places, km, on the sphere, of every `step`-th pixel.
    positions : ndarray
        (node rows, node columns, 2) line and sample of the nodes at the middle height.
    step : int
        Pixels between nodes.
    slack_px : float
        How far interpolated `positions` may be off.
    first_line, last_line : int
        Zero-based image lines that the block needs, the last one included.
    """

    row: int
    column: int
    grid: object
    points: np.ndarray
    positions: np.ndarray
    step: int
    slack_px: float
    first_line: int
    last_line: int


class Planner:
    """Divides a map into the blocks that an image reaches.

    Parameters
    ----------
    camera : line_scan.LineScanCamera
    grid : MapGrid
    heights : float or shape.ShapeModel
    method : int
        Of `line_scan_numba`: how many lines about a position it needs.
    tolerance_px : float
        Largest error, in image pixels, of places interpolated between nodes.
    """

    def __init__(self, camera, grid, heights, method, tolerance_px):
        self.camera, self.grid, self.heights = camera, grid, heights
        self.method, self.tolerance_px = method, tolerance_px
        middle = (camera.lines + 1) / 2.0, (camera.samples + 1) / 2.0
        self._pixel_km = float(camera.ground_resolution_m(*middle)) / 1000.0

    def blocks(self, size):
        """list of MapBlock: windows of at most size x size pixels with the image in them, by their first line."""
        planned = (self._plan(row, column, window) for row, column, window in self._candidates(size))
        return sorted((block for block in planned if block is not None), key=lambda block: block.first_line)

    def heights_m(self, row, column, shape):
        """Heights (rows, columns) of a window; (1, 1) where they are constant."""
        if not hasattr(self.heights, "height_m"):
            return np.full((1, 1), float(self.heights))
        rows, columns = row + np.arange(shape[0]), column + np.arange(shape[1])
        return self.heights.height_m(*self.grid.lonlat(rows[:, None], columns[None, :]))

    def _candidates(self, size):
        """Windows of the grid that the image may reach: row, column, window."""
        rows = np.minimum(np.arange(0, self.grid.shape[0] + size, size), self.grid.shape[0])
        columns = np.minimum(np.arange(0, self.grid.shape[1] + size, size), self.grid.shape[1])
        rows, columns = np.unique(rows), np.unique(columns)
        low, high = _height_range(self.heights)
        lon, lat = self.grid.lonlat(rows[:, None] - 0.5, columns[None, :] - 0.5)
        corners = [np.stack(self.camera.locate(lon, lat, height_m), axis=-1) for height_m in (low, high)]
        reached = _reaches(np.stack(corners), self.camera)
        for height_m in {low, high}:
            row, column = _footprint_pixels(self.camera, self.grid, height_m)
            inside = (
                (row > -0.5) & (column > -0.5) & (row < self.grid.shape[0] - 0.5) & (column < self.grid.shape[1] - 0.5)
            )
            reached[((row[inside] + 0.5) // size).astype(int), ((column[inside] + 0.5) // size).astype(int)] = True
        for index_row, index_column in zip(*np.nonzero(reached), strict=True):
            row, column = int(rows[index_row]), int(columns[index_column])
            yield row, column, self.grid.window(row, column, size, size)

    def _plan(self, row, column, window):
        """Mapping of a window; None where no pixel of it is on the image."""
        heights_m = self.heights_m(row, column, window.shape)
        if not np.isfinite(heights_m).any():
            return None
        low, high = 1.0 + np.array([np.nanmin(heights_m), np.nanmax(heights_m)]) / self.camera.body.radius_m
        points, step = self._nodes(row, column, window)
        positions = self.camera.locate_point(points * (low + high) / 2.0)
        parallax_px = np.nanmax(np.abs(positions - self.camera.locate_point(points * high)), initial=0.0)
        spread_px = max(np.nanmax(np.abs(np.diff(positions, axis=axis)), initial=0.0) for axis in (0, 1))
        slack_px = float(_GUESS_PX + _GUESS_SHARE * spread_px + 2.0 * parallax_px)
        lines = self._lines_of(positions, step, slack_px)
        return None if lines is None else MapBlock(row, column, window, points, positions, step, slack_px, *lines)

    def _nodes(self, row, column, window):
        """Places of nodes close enough together, and the nodes' distance in pixels.

        Places are computed at every second node and at those between; the latter must be what interpolation makes of
        the former. All are kept, so the error left is smaller than the one checked.
        """
        step = _WIDEST_STEP_PX
        while True:
            rows, columns = (np.arange(0, 2 * -(-max(size - 1, 1) // (2 * step)) + 1) * step for size in window.shape)
            lon, lat = self.grid.lonlat(row + rows[:, None], column + columns[None, :])
            points = point_of(lon, lat, self.camera.body.radius_m / 1000.0)
            points[~np.isfinite(points).all(axis=-1)] = np.nan
            off_body = np.isnan(points).all()
            if step == 1 or off_body or _interpolation_error(points) <= self.tolerance_px * self._pixel_km:
                return points, step
            step //= 2

    def _lines_of(self, positions, step, slack_px):
        """First and last image line that a window needs, zero-based; None where it is off the image."""
        if np.isnan(positions).all():
            return None
        low, high = np.nanmin(positions, axis=(0, 1)) - slack_px, np.nanmax(positions, axis=(0, 1)) + slack_px
        size = np.array([self.camera.lines, self.camera.samples])
        if (high < 0.5).any() or (low > size + 0.5).any():
            return None
        support = 3.0
        if self.method == ANTIALIASED:
            steps = [np.nanmax(np.abs(np.diff(positions[..., 0], axis=axis)), initial=0.0) / step for axis in (0, 1)]
            support = 3.0 + 2.0 * float(np.clip(np.hypot(*steps), 1.0, WIDEST_SCALE))
        first = int(np.clip(np.floor(low[0] - 1.0 - support), 0, size[0] - 1))
        return first, int(np.clip(np.ceil(high[0] - 1.0 + support), 0, size[0] - 1))


def _interpolation_error(points):
    """Largest distance between nodes and what every second of them gives; infinite where a node has no place."""
    guess = np.empty_like(points)
    guess[::2, ::2] = points[::2, ::2]
    guess[1::2, ::2] = (points[:-2:2, ::2] + points[2::2, ::2]) / 2.0
    guess[:, 1::2] = (guess[:, :-2:2] + guess[:, 2::2]) / 2.0
    error = np.linalg.norm(guess - points, axis=-1).max()
    return error if np.isfinite(error) else np.inf


def _height_range(heights):
    return (heights.lowest_m, heights.highest_m) if hasattr(heights, "height_m") else (heights, heights)


def _reaches(corners, camera):
    """Which windows may lie on the image, by line and sample (heights, rows + 1, columns + 1, 2) of their corners."""
    around = np.concatenate([corners[:, :-1, :-1], corners[:, :-1, 1:], corners[:, 1:, :-1], corners[:, 1:, 1:]])
    low = np.where(np.isnan(around), np.inf, around).min(axis=0)
    high = np.where(np.isnan(around), -np.inf, around).max(axis=0)
    margin = 0.1 * np.where(np.isfinite(high - low), high - low, 0.0) + 2.0
    overlaps = (low - margin < [camera.lines, camera.samples]) & (high + margin > 1.0)
    return overlaps.all(axis=-1) | (np.isnan(around).any(axis=(0, -1)) & np.isfinite(low).all(axis=-1))


def _footprint_pixels(camera, grid, height_m):
    line, sample = np.meshgrid(
        np.linspace(0.5, camera.lines + 0.5, 65), np.linspace(0.5, camera.samples + 0.5, 9), indexing="ij"
    )
    lon, lat = camera.image_to_ground(line, sample, height_m)
    row, column = grid.rowcol_of_lonlat(lon, lat)
    finite = np.isfinite(row) & np.isfinite(column)
    return np.asarray(row)[finite], np.asarray(column)[finite]
