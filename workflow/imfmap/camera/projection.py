"""Map projection of images, block by block. Neither the image nor the map must fit into memory."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from shapely import box

from ..core.choices import PROCESSING
from ..core.errors import InputError
from ..maps.grids import MapGrid
from ..maps.image_facts import ImageFacts
from .footprint import footprint, map_azimuth_deg
from .line_scan_numba import METHODS
from .projection_plan import MapBlock, Planner

if TYPE_CHECKING:
    from .model import CameraModel
    from .shape_model import ShapeModel

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
        ``nearest``, ``bilinear`` or ``cubic`` (a = -1), as in ISIS. Near invalid pixels, ``cubic`` becomes bilinear,
        and ``bilinear`` takes the nearest pixel. ``antialiased`` is a cubic kernel (a = -0.5) as wide as a map pixel,
        for maps coarser than the image.
    heights : float or shape_model.ShapeModel
        Metres above the sphere.
    tolerance_px : float
        Largest error of an image position. Points on the body are computed at nodes of the map, and interpolated
        between them. Nodes are put closer together until the error is small enough. The image line of a point is then
        searched for every pixel. Lines cannot be interpolated, because the pointing has a kink every few dozen lines.
    block_px : int
        Side of the blocks.

    Attributes
    ----------
    blocks : list of projection_plan.MapBlock
        Sorted by the first line that they need.

    Raises
    ------
    InputError
        If the resampling is unknown, or the image is wholly off the grid or of another body.
    """

    def __init__(
        self,
        camera: "CameraModel",
        grid: Any,
        resampling: str = PROCESSING["resampling"],
        heights: "float | ShapeModel" = 0.0,
        tolerance_px: float = TOLERANCE_PX,
        block_px: int = BLOCK_PX,
    ):
        if resampling not in METHODS:
            raise InputError("resampling", f"unknown method '{resampling}'", f"use one of {', '.join(METHODS)}")
        grid = MapGrid.like(grid)
        if grid.body.name != camera.body.name:
            raise InputError(
                camera.product_id,
                f"shows {camera.body.name}, but the map lies on {grid.body.name}",
                "use a map of the same body",
            )
        self.camera, self._method = camera, METHODS[resampling]
        self._planner = Planner(camera, grid, heights, self._method, tolerance_px)
        self.blocks = self._planner.blocks(block_px)
        if not self.blocks:
            raise _off_grid(camera)

    def resample(self, block: MapBlock, lines: np.ndarray, first_line: int) -> np.ndarray:
        """Return the map pixels of a block.

        Parameters
        ----------
        block : projection_plan.MapBlock
        lines : ndarray
            (n, samples) float32: at least the image lines of the block; NaN where invalid.
        first_line : int
            Zero-based number of the first line in `lines`.

        Returns
        -------
        ndarray
            (rows, columns) float32; NaN where the image has no data.
        """
        out = np.empty(block.grid.shape, np.float32)
        factors = 1.0 + self._planner.heights_m(block.row, block.column, block.grid.shape) / self.camera.body.radius_m
        self.camera.resample(lines, first_line, block, factors, self._method, out)
        return out

    def run(
        self, read_lines: Callable[[int, int], np.ndarray], threads: int = 1
    ) -> Iterator[tuple[int, int, np.ndarray]]:
        """Project the image. Each of its lines is read once, and only few are held in memory.

        Parameters
        ----------
        read_lines : callable
            Takes the first line (zero-based) and the number of lines. Returns (number, samples) float32; NaN where
            invalid. Each call gets a range of lines behind that of the call before.
        threads : int
            Number of blocks that are resampled at a time.

        Yields
        ------
        tuple
            Row, column and pixels (rows, columns) of a block. Blocks without a valid pixel are left out.
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


def project(
    image: np.ndarray | Callable[[int, int], np.ndarray],
    camera: "CameraModel",
    grid: Any,
    resampling: str = PROCESSING["resampling"],
    heights: "float | ShapeModel" = 0.0,
    threads: int = 1,
) -> np.ndarray:
    """Project an image onto a grid.

    Parameters
    ----------
    image : ndarray or callable
        (lines, samples), NaN where invalid; or a function that reads lines, as for `Projector.run`.
    camera : model.CameraModel
    grid : MapGrid, or anything with `crs`, `transform` and `shape` (`MapGrid.like`)
    resampling, heights
        As for `Projector`.
    threads : int
        Number of blocks that are resampled at a time.

    Returns
    -------
    ndarray
        float32 on the grid; NaN where the image has no data.

    Raises
    ------
    InputError
        If the image is wholly off the grid, or does not have the camera's size.
    """
    if not callable(image):
        if image.shape != (camera.lines, camera.samples):
            raise InputError(
                camera.product_id,
                f"the image has {image.shape[0]} x {image.shape[1]} pixels, "
                f"its camera {camera.lines} x {camera.samples}",
                "give the camera of this image",
            )
        image = array_reader(image)
    out = np.full(grid.shape, np.nan, np.float32)
    for row, column, pixels in Projector(camera, grid, resampling, heights).run(image, threads):
        out[row : row + pixels.shape[0], column : column + pixels.shape[1]] = pixels
    return out


def array_reader(image: np.ndarray) -> Callable[[int, int], np.ndarray]:
    """Return a function that reads lines of an array, as `Projector.run` needs it."""
    return lambda first, count: np.ascontiguousarray(image[first : first + count], dtype=np.float32)


def image_facts(
    camera: "CameraModel", grid: Any, engine: str = "native", heights: "float | ShapeModel" = 0.0
) -> ImageFacts:
    """Return the facts of an image, at the middle of its part on a grid.

    Raises
    ------
    InputError
        If the image is wholly off the grid.
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
    """The image lines that blocks need now. Each line is read once, and dropped when no later block needs it."""

    def __init__(self, read_lines, lines, samples):
        self._read_lines, self._lines = read_lines, lines
        self._held, self._start, self._end = np.empty((0, samples), np.float32), 0, 0

    def range(self, first, last):
        """Return an array with lines first to last, and the number of its first line. `first` must never decrease."""
        if last >= self._end:
            begin = max(first, self._end)
            count = min(max(last + 1 - begin, _READ_LINES), self._lines - begin)
            if first > self._end or begin + count > self._start + len(self._held):
                self._move(first, begin + count)
            self._held[begin - self._start : begin - self._start + count] = self._read_lines(begin, count)
            self._end = begin + count
        return self._held[: self._end - self._start], self._start

    def _move(self, first, stop):
        """Make room up to line `stop`, in a new array: blocks that are being resampled still read the old one."""
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
