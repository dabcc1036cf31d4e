"""Map projection of images, block by block, so that neither image nor map must fit in memory."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from shapely import box

from .errors import InputError
from .footprints import footprint, map_azimuth_deg
from .geometry import point_of
from .products import ImageFacts
from .resampling import ANTIALIASED, METHODS, WIDEST_SCALE, resample

BLOCK_PX = 512
TOLERANCE_PX = 0.01
_WIDEST_STEP_PX = 64
_READ_LINES = 1024
# What positions interpolated between nodes may miss by kinks of the pointing, generously.
_GUESS_PX = 8.0


@dataclass(frozen=True)
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
    factors : ndarray
        (rows, columns) distance of the surface from the body's centre over the sphere's; (1, 1) where it is constant.
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
    factors: np.ndarray
    slack_px: float
    first_line: int
    last_line: int


class Projector:
    """Plan of an image's projection onto a grid.

    Parameters
    ----------
    camera : camera.LineScanCamera
    grid : MapGrid
    resampling : str
        ``nearest``, ``bilinear`` or ``cubic`` (a = -1) as ISIS has them, with its rules near invalid pixels: a cubic
        that touches one becomes bilinear, a bilinear the nearest pixel. ``antialiased``: a cubic kernel (a = -0.5)
        as wide as a map pixel, for maps coarser than the image.
    heights : float or shape.ShapeModel
        Metres above the sphere.
    tolerance_px : float
        Largest error of an image position. Places on the body are computed at nodes of the map and interpolated,
        after a check at the points between; where that fails the nodes are put closer. The line that saw a place is
        then searched for every pixel: the pointing has kinks every few dozen lines, so lines do not interpolate.
    block_px : int
        Side of the blocks.

    Raises
    ------
    InputError
        For an unknown resampling, or an image wholly off the grid.
    """

    def __init__(self, camera, grid, resampling="cubic", heights=0.0, tolerance_px=TOLERANCE_PX, block_px=BLOCK_PX):
        if resampling not in METHODS:
            raise InputError("resampling", f"unknown method '{resampling}'", f"use one of {', '.join(METHODS)}")
        if grid.body.name != camera.body.name:
            raise InputError(
                camera.product_id, f"shows {camera.body.name}, the map {grid.body.name}", "use another grid"
            )
        self.camera, self.grid, self.heights = camera, grid, heights
        self.method, self.tolerance_px = METHODS[resampling], tolerance_px
        planned = (self._plan(row, column, window) for row, column, window in self._candidates(block_px))
        self.blocks = sorted((block for block in planned if block is not None), key=lambda block: block.first_line)
        if not self.blocks:
            raise _off_grid(camera)

    def resample(self, block, lines, first_line):
        """Map pixels of a block.

        Parameters
        ----------
        block : MapBlock
        lines : ndarray
            (n, samples) image lines, float32, NaN where invalid; at least the block's `first_line` to `last_line`.
        first_line : int
            Zero-based number of the first of them.

        Returns
        -------
        ndarray
            (rows, columns) float32, NaN where the image has nothing.
        """
        out = np.empty(block.grid.shape, np.float32)
        size = (self.camera.lines, self.camera.samples)
        where = (block.points, block.positions, block.step, block.factors, block.slack_px)
        resample(lines, first_line, size, *where, self.camera.solver_model, self.method, out)
        return out

    def run(self, read_lines, threads=1):
        """Project the image, reading each of its lines once and holding few of them.

        Parameters
        ----------
        read_lines : callable
            Of the first line (zero-based) and a number of lines: (number, samples) float32, NaN where invalid.
            Called with rising, adjoining ranges.
        threads : int
            Blocks that are resampled at a time.

        Yields
        ------
        tuple
            Row, column and pixels (rows, columns) of one block; blocks without a valid pixel are left out.
        """
        lines = _LineBuffer(read_lines, self.camera.lines)
        with ThreadPoolExecutor(threads) as pool:
            pending = deque()
            for block in self.blocks:
                part, first_line = lines.range(block.first_line, block.last_line)
                pending.append((block, pool.submit(self.resample, block, part, first_line)))
                if len(pending) > threads:
                    yield from _finished(pending)
            while pending:
                yield from _finished(pending)

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
        radius_m = self.camera.body.radius_m
        if hasattr(self.heights, "height_m"):
            rows, columns = np.arange(window.shape[0])[:, None], np.arange(window.shape[1])[None, :]
            heights_m = self.heights.height_m(*self.grid.lonlat(row + rows, column + columns))
            if not np.isfinite(heights_m).any():
                return None
            low, high = float(np.nanmin(heights_m)), float(np.nanmax(heights_m))
        else:
            heights_m = np.full((1, 1), float(self.heights))
            low = high = float(self.heights)
        points, step = self._nodes(row, column, window)
        positions = self.camera.locate_point(points * (1.0 + (low + high) / 2.0 / radius_m))
        parallax = positions - self.camera.locate_point(points * (1.0 + high / radius_m))
        slack_px = _GUESS_PX + 2.0 * float(np.nanmax(np.abs(parallax), initial=0.0))
        lines = self._lines_of(positions, step, slack_px)
        if lines is None:
            return None
        return MapBlock(row, column, window, points, positions, step, 1.0 + heights_m / radius_m, slack_px, *lines)

    def _nodes(self, row, column, window):
        """Places of nodes close enough together, and the nodes' distance in pixels.

        Places are computed at every second node and at those between; the latter must be what interpolation makes of
        the former. All are kept, so the error left is smaller than the one checked.
        """
        pixel_km = float(self.camera.ground_resolution_m(*self._middle)) / 1000.0
        step = _WIDEST_STEP_PX
        while True:
            rows, columns = (np.arange(0, 2 * -(-max(size - 1, 1) // (2 * step)) + 1) * step for size in window.shape)
            lon, lat = self.grid.lonlat(row + rows[:, None], column + columns[None, :])
            points = point_of(lon, lat, self.camera.body.radius_m / 1000.0)
            points[~np.isfinite(points).all(axis=-1)] = np.nan
            off_body = np.isnan(points).all()
            if step == 1 or off_body or _interpolation_error(points) <= self.tolerance_px * pixel_km:
                return points, step
            step //= 2

    @property
    def _middle(self):
        return (self.camera.lines + 1) / 2.0, (self.camera.samples + 1) / 2.0

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


def project(image, camera, grid, resampling="cubic", heights=0.0, threads=1):
    """Project an image.

    Parameters
    ----------
    image : ndarray or callable
        (lines, samples), NaN where invalid; or a reader of lines (`Projector.run`).
    camera : camera.LineScanCamera
    grid : MapGrid
    resampling, heights
        As `Projector`.
    threads : int
        Blocks that are resampled at a time.

    Returns
    -------
    ndarray
        float32 on the grid, NaN where the image has nothing.

    Raises
    ------
    InputError
        Where the image is wholly off the grid, or is not of the camera's size.
    """
    if not callable(image):
        if image.shape != (camera.lines, camera.samples):
            raise InputError(
                camera.product_id,
                f"the image is {image.shape[0]} x {image.shape[1]}, its camera's {camera.lines} x {camera.samples}",
                "give the camera of this image",
            )
        image = array_reader(image)
    out = np.full(grid.shape, np.nan, np.float32)
    for row, column, pixels in Projector(camera, grid, resampling, heights).run(image, threads):
        out[row : row + pixels.shape[0], column : column + pixels.shape[1]] = pixels
    return out


def array_reader(image):
    """Reader of lines of an array, as `Projector.run` wants it."""
    return lambda first, count: np.ascontiguousarray(image[first : first + count], dtype=np.float32)


def image_facts(camera, grid, engine="native", heights=0.0):
    """What is known of an image on a map, at the middle of the part of it that lies on the grid.

    Raises
    ------
    InputError
        For an image wholly off the grid.
    """
    overlap = footprint(camera, grid.crs, heights).intersection(box(*grid.bounds))
    if overlap.is_empty or not overlap.area > 0.0:
        raise _off_grid(camera)
    row, column = grid.rowcol(*overlap.representative_point().coords[0])
    if overlap.contains(overlap.centroid):
        row, column = grid.rowcol(overlap.centroid.x, overlap.centroid.y)
    lon, lat = grid.lonlat(row, column)
    line, sample = camera.locate(lon, lat, heights)
    incidence, emission, phase = camera.angles(line, sample, heights)
    return ImageFacts(
        product=camera.product_id,
        start_time=camera.start_time,
        sun_azimuth_deg=map_azimuth_deg(grid, lon, lat, camera.sun_ground_azimuth_deg(line, sample, heights)),
        incidence_deg=float(incidence),
        emission_deg=float(emission),
        phase_deg=float(phase),
        ground_resolution_m=float(camera.ground_resolution_m(line, sample, heights)),
        engine=engine,
    )


class _LineBuffer:
    """The image lines in use: read forward once, dropped when no block wants them any more."""

    def __init__(self, read_lines, lines):
        self._read_lines, self._lines = read_lines, lines
        self._held, self._start = None, 0

    def range(self, first, last):
        """Array that holds lines first to last, and the number of its first line; `first` must not fall."""
        end = self._start + (0 if self._held is None else len(self._held))
        if last >= end:
            begin = max(first, end)
            count = min(max(last + 1 - begin, _READ_LINES), self._lines - begin)
            new = np.asarray(self._read_lines(begin, count), np.float32)
            # A new array each time: blocks that are being resampled still look at the old one.
            kept = new[:0] if first >= end else self._held[first - self._start :]
            self._held, self._start = np.concatenate([kept, new]), min(first, begin)
        return self._held, self._start


def _finished(pending):
    block, future = pending.popleft()
    pixels = future.result()
    if np.isfinite(pixels).any():
        yield block.row, block.column, pixels


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


def _off_grid(camera):
    return InputError(camera.product_id, "lies wholly off the target's map", "leave the image out, or move the target")
