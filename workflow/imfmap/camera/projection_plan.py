"""Plan of a projection: the windows of a map that an image reaches, and the image lines that each one needs."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..maps.geometry import point_of
from ..maps.grids import MapGrid
from .line_scan_numba import ANTIALIASED, WIDEST_SCALE

if TYPE_CHECKING:
    from .model import CameraModel
    from .shape_model import ShapeModel

_WIDEST_STEP_PX = 64
# Generous bounds of the error of positions that are interpolated between nodes. Kinks of the pointing make an error in
# pixels; curves of the pointing make one that is a share of the distance between nodes.
_GUESS_PX, _GUESS_SHARE = 8.0, 0.01


@dataclass(frozen=True, eq=False)
class MapBlock:
    """A window of the map, and where its pixels are in the image.

    Attributes
    ----------
    row, column : int
        Upper left pixel on the map's grid.
    grid : MapGrid
        Grid of the window.
    points : ndarray
        (node rows, node columns, 3) body-fixed points on the sphere in km. A node is every `step`-th pixel.
    positions : ndarray
        (node rows, node columns, 2) line and sample of the nodes, at the middle of the window's heights.
    step : int
        Pixels between nodes.
    slack_px : float
        Largest error of interpolated `positions`, in image pixels.
    first_line, last_line : int
        First and last image line that the block needs, zero-based.
    """

    row: int
    column: int
    grid: MapGrid
    points: np.ndarray
    positions: np.ndarray
    step: int
    slack_px: float
    first_line: int
    last_line: int


class Planner:
    """Divide a map into the blocks that an image reaches.

    Parameters
    ----------
    camera : model.CameraModel
    grid : MapGrid
    heights : float or shape_model.ShapeModel
        Metres above the sphere.
    method : int
        Resampling, one of `line_scan_numba.METHODS`. It decides how many lines around a position are needed.
    tolerance_px : float
        Largest error of points interpolated between nodes, in image pixels.
    """

    def __init__(
        self,
        camera: "CameraModel",
        grid: MapGrid,
        heights: "float | ShapeModel",
        method: int,
        tolerance_px: float,
    ):
        self.camera, self.grid, self.heights = camera, grid, heights
        self.method, self.tolerance_px = method, tolerance_px
        middle = (camera.lines + 1) / 2.0, (camera.samples + 1) / 2.0
        self._pixel_km = float(camera.ground_resolution_m(*middle)) / 1000.0

    def blocks(self, size: int) -> list[MapBlock]:
        """Return the windows of at most size x size pixels that the image reaches, sorted by first line."""
        planned = (self._plan(row, column, window) for row, column, window in self._candidates(size))
        return sorted((block for block in planned if block is not None), key=lambda block: block.first_line)

    def heights_m(self, row: int, column: int, shape: tuple[int, int]) -> np.ndarray:
        """Return the heights (rows, columns) of a window in metres; (1, 1) if they are constant."""
        if not hasattr(self.heights, "height_m"):
            return np.full((1, 1), float(self.heights))
        rows, columns = row + np.arange(shape[0]), column + np.arange(shape[1])
        return self.heights.height_m(*self.grid.lonlat(rows[:, None], columns[None, :]))

    def _candidates(self, size):
        """Yield row, column and grid of the windows that the image may reach."""
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
        """Return the block of a window; None if no pixel of the window is on the image."""
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
        """Return the points of nodes that are close enough together, and their distance in pixels.

        The points of every second node are interpolated and compared with the points of the nodes between. If they
        differ too much, the distance is halved. All nodes are kept, so the true error is smaller than the one checked.
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
        """Return first and last image line that a window needs, zero-based; None if the window is off the image."""
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
    """Return the largest error of points interpolated from every second node; infinite if a node is off the body."""
    guess = np.empty_like(points)
    guess[::2, ::2] = points[::2, ::2]
    guess[1::2, ::2] = (points[:-2:2, ::2] + points[2::2, ::2]) / 2.0
    guess[:, 1::2] = (guess[:, :-2:2] + guess[:, 2::2]) / 2.0
    error = np.linalg.norm(guess - points, axis=-1).max()
    return error if np.isfinite(error) else np.inf


def _height_range(heights):
    return (heights.lowest_m, heights.highest_m) if hasattr(heights, "height_m") else (heights, heights)


def _reaches(corners, camera):
    """Return which windows may lie on the image. `corners`: line, sample (heights, rows + 1, columns + 1, 2)."""
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
