"""Map projection of images, block by block, so that neither image nor map must fit in memory."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from shapely import box

from ..core.choices import PROCESSING
from ..core.errors import InputError
from ..maps.grids import MapGrid
from ..maps.image_facts import ImageFacts
from .footprint import footprint, map_azimuth_deg
from .line_scan_numba import METHODS
from .projection_plan import Planner

BLOCK_PX = 512
TOLERANCE_PX = 0.01
_READ_LINES = 1024
_SPARE_LINES = 4096


class Projector:
    """Plan of an image's projection onto a grid.

    Parameters
    ----------
    camera : model.CameraModel
    grid : MapGrid, or anything with `crs`, `transform` and `shape` (`MapGrid.like`)
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

    Attributes
    ----------
    blocks : list of projection_plan.MapBlock
        In the order of the lines that they need.

    Raises
    ------
    InputError
        For an unknown resampling, or an image wholly off the grid.
    """

    def __init__(
        self,
        camera,
        grid,
        resampling=PROCESSING["resampling"],
        heights=0.0,
        tolerance_px=TOLERANCE_PX,
        block_px=BLOCK_PX,
    ):
        if resampling not in METHODS:
            raise InputError("resampling", f"unknown method '{resampling}'", f"use one of {', '.join(METHODS)}")
        grid = MapGrid.like(grid)
        if grid.body.name != camera.body.name:
            raise InputError(
                camera.product_id, f"shows {camera.body.name}, the map {grid.body.name}", "use another grid"
            )
        self.camera, self._method = camera, METHODS[resampling]
        self._planner = Planner(camera, grid, heights, self._method, tolerance_px)
        self.blocks = self._planner.blocks(block_px)
        if not self.blocks:
            raise _off_grid(camera)

    def resample(self, block, lines, first_line):
        """Map pixels of a block.

        Parameters
        ----------
        block : projection_plan.MapBlock
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
        factors = 1.0 + self._planner.heights_m(block.row, block.column, block.grid.shape) / self.camera.body.radius_m
        self.camera.resample(lines, first_line, block, factors, self._method, out)
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
        lines = _LineBuffer(read_lines, self.camera.lines, self.camera.samples)
        with ThreadPoolExecutor(threads) as pool:
            pending = deque()
            for block in self.blocks:
                part, first_line = lines.range(block.first_line, block.last_line)
                pending.append((block, pool.submit(self.resample, block, part, first_line)))
                if len(pending) > threads:
                    yield from _finished(pending)
            while pending:
                yield from _finished(pending)


def project(image, camera, grid, resampling=PROCESSING["resampling"], heights=0.0, threads=1):
    """Project an image.

    Parameters
    ----------
    image : ndarray or callable
        (lines, samples), NaN where invalid; or a reader of lines (`Projector.run`).
    camera : model.CameraModel
    grid : MapGrid, or anything with `crs`, `transform` and `shape` (`MapGrid.like`)
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
    grid = MapGrid.like(grid)
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

    def __init__(self, read_lines, lines, samples):
        self._read_lines, self._lines = read_lines, lines
        self._held, self._start, self._end = np.empty((0, samples), np.float32), 0, 0

    def range(self, first, last):
        """Array that holds lines first to last, and the number of its first line; `first` must not fall."""
        if last >= self._end:
            begin = max(first, self._end)
            count = min(max(last + 1 - begin, _READ_LINES), self._lines - begin)
            if first > self._end or begin + count > self._start + len(self._held):
                self._move(first, begin + count)
            self._held[begin - self._start : begin - self._start + count] = self._read_lines(begin, count)
            self._end = begin + count
        return self._held[: self._end - self._start], self._start

    def _move(self, first, stop):
        """Make room up to line `stop` in a new array: blocks that are being resampled still look at the old one."""
        moved = np.empty((stop - first + _SPARE_LINES, self._held.shape[1]), np.float32)
        kept = self._held[first - self._start : max(first, self._end) - self._start]
        moved[: len(kept)] = kept
        self._held, self._start = moved, first


def _finished(pending):
    block, future = pending.popleft()
    pixels = future.result()
    if np.isfinite(pixels).any():
        yield block.row, block.column, pixels


def _off_grid(camera):
    return InputError(camera.product_id, "lies wholly off the target's map", "leave the image out, or move the target")
