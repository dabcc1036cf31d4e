"""The native engine: from an EDR or a cube to a map-projected raster in one pass.

Lines are decompanded, calibrated, freed of their echo and normalised a few at a time, when the projection needs them.
No intermediate file is written, and memory does not grow with the image.
"""

import logging
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import rasterio
from rasterio.windows import Window

from ...camera.projection import BLOCK_PX, Projector, image_facts
from ...camera.shape_model import ShapeModel
from ...core.choices import PROCESSING
from ...core.errors import InputError
from ...core.processors import usable_processors
from ...maps.grids import MapGrid
from ...maps.rasters import BLOCK, create_raster
from ...nac import instrument
from ..coverage_check import CoverageCheck
from .line_reader import LineReader, StageClock

if TYPE_CHECKING:
    from ...camera.line_scan import LineScanCamera

log = logging.getLogger(__name__)

_LINES_PER_BLOCK = 4096
_LEAST_BLOCK_PX = 64
_PENDING_WRITES = 8
_GDAL_CACHE_MB = 256


@dataclass(frozen=True)
class Processing:
    """Settings for the processing of an image.

    Attributes
    ----------
    resampling : str
        As `projection.Projector`.
    heights : float or shape.ShapeModel
        Surface that the image is projected onto, metres above the sphere.
    verify_md5 : bool
        Whether an EDR's checksum is verified first.
    min_valid_fraction : float
        Least share of the grid's pixels that the image must fill.
    darks, dark_file, masked, dark, nonlinearity, flat
        As `calibration.Calibration.for_edr`.
    echo : bool
        Whether the echo is removed from an image that is not calibrated yet.
    photometry : path, optional
        Parameter file of the photometric normalisation; None for no normalisation.
    threads : int, optional
        Number of threads; by default the number of processors that the process may use.
    """

    resampling: str = PROCESSING["resampling"]
    heights: object = 0.0
    verify_md5: bool = PROCESSING["verify_md5"]
    min_valid_fraction: float = 0.0
    darks: str = PROCESSING["darks"]
    dark_file: object = None
    masked: bool = PROCESSING["masked"]
    dark: bool = PROCESSING["dark"]
    nonlinearity: bool = PROCESSING["nonlinearity"]
    flat: bool = PROCESSING["flat"]
    echo: bool = PROCESSING["echo"]
    photometry: object = None
    threads: int | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Return the settings from a mapping such as the config's ``processing``; unknown keys are ignored.

        Its key ``shape_model``, the path of a raster, becomes `heights`.
        """
        known = {field.name for field in fields(cls)}
        chosen = {key: value for key, value in settings.items() if key in known}
        if settings.get("shape_model"):
            chosen["heights"] = ShapeModel(settings["shape_model"])
        return cls(**chosen)


def edr_to_map(
    edr_path: str | Path,
    camera: "LineScanCamera | str | Path",
    calibration_dir: str | Path,
    grid: MapGrid,
    out_path: str | Path,
    processing: Processing | None = None,
) -> "Summary":
    """Calibrate and project an EDR.

    Parameters
    ----------
    edr_path : path
    camera : LineScanCamera or path
        Camera of the same image, or the path of its ISD.
    calibration_dir : path
        Laid out as ``$lro/calibration`` of ISISDATA.
    grid : MapGrid
    out_path : path
        GeoTIFF, float32 I/F, NaN where there is no data, with the tags of `image_facts.ImageFacts`.
    processing : Processing, optional

    Returns
    -------
    Summary

    Raises
    ------
    InputError
        If the EDR is unfit, the camera belongs to another image, a calibration file is missing, or the image lies off
        the grid, has too few valid pixels or is in full shadow. Then nothing is written.
    """
    processing = processing or Processing()
    edr, camera = instrument.open_edr(edr_path, camera, processing.verify_md5)
    return _to_map(edr, camera, grid, out_path, processing, calibration_dir)


def cube_to_map(
    cube_path: str | Path,
    grid: MapGrid,
    out_path: str | Path,
    calibration_dir: str | Path | None = None,
    processing: Processing | None = None,
) -> "Summary":
    """Project a spiceinit'ed ISIS cube of a NAC; calibrate it first if lronaccal has not.

    Parameters
    ----------
    cube_path : path
    grid, out_path, processing
        As `edr_to_map`.
    calibration_dir : path, optional
        Needed for a cube that is not calibrated.

    Returns
    -------
    Summary

    Raises
    ------
    InputError
        If the cube is unfit; else as `edr_to_map`.
    """
    processing = processing or Processing()
    cube, camera = instrument.open_cube(cube_path)
    if cube.radiometry == "IOF":
        return _to_map(cube, camera, grid, out_path, processing, None)
    if calibration_dir is None:
        raise InputError(cube_path, "is not calibrated", "run lronaccal, or set processing.calibration_dir")
    return _to_map(cube, camera, grid, out_path, processing, calibration_dir)


def calibrate_edr(
    edr_path: str | Path,
    camera: "LineScanCamera | str | Path",
    calibration_dir: str | Path,
    out_path: str | Path,
    processing: Processing | None = None,
) -> None:
    """Calibrate an EDR in its own geometry, and write the lines that `edr_to_map` would project.

    Parameters
    ----------
    edr_path, camera, calibration_dir, processing
        As `edr_to_map`.
    out_path : path
        GeoTIFF of the image's lines and samples, float32 I/F, NaN where there is no data, without georeference.

    Raises
    ------
    InputError
        If the EDR is unfit, the camera belongs to another image, or a calibration file is missing. Then nothing is
        written.
    """
    processing = processing or Processing()
    edr, camera = instrument.open_edr(edr_path, camera, processing.verify_md5)
    steps = instrument.processing_steps(edr, camera, processing, calibration_dir)
    threads = processing.threads or usable_processors()
    size = (edr.label.lines, edr.label.samples)
    tags = {"IMF_PRODUCT": camera.product_id, "IMF_STEPS": ",".join(name for name, _ in steps)}
    with rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB, GDAL_NUM_THREADS=threads), ThreadPoolExecutor(threads) as pool:
        read_lines = LineReader(edr, steps, pool, StageClock())
        with create_raster(out_path, MapGrid.unplaced(size), "float32", nodata=np.nan, tags=tags) as dataset:
            for first in range(0, size[0], BLOCK):
                count = min(BLOCK, size[0] - first)
                dataset.write(read_lines(first, count), 1, window=Window(0, first, size[1], count))


@dataclass(frozen=True)
class Summary:
    """Result of processing one image.

    Attributes
    ----------
    valid_fraction : float
        Share of the grid's pixels that are valid.
    elapsed_s : float
        Wall-clock time.
    stage_s : dict of float
        Thread seconds by stage; with several threads they add up to more than `elapsed_s`.
    """

    valid_fraction: float
    elapsed_s: float
    stage_s: dict


def _to_map(image, camera, grid, out_path, processing, calibration_dir):
    threads = processing.threads or usable_processors()
    # By default GDAL would use a twentieth of the machine's memory for blocks that are written already.
    with rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB, GDAL_NUM_THREADS=threads):
        return _stream(image, camera, grid, out_path, processing, calibration_dir, threads)


def _stream(image, camera, grid, out_path, processing, calibration_dir, threads):
    started = time.perf_counter()
    grid = MapGrid.like(grid)
    clock = StageClock()
    with clock("plan"):
        facts = image_facts(camera, grid, "native", processing.heights)
        block_px = _block_px(grid.resolution_m / facts.ground_resolution_m)
        projector = Projector(camera, grid, processing.resampling, processing.heights, block_px=block_px)
        projector.resample = clock.timed("resample", projector.resample)
    with clock("prepare"):
        steps = instrument.processing_steps(image, camera, processing, calibration_dir)
    coverage = CoverageCheck()
    with create_raster(out_path, grid, "float32", nodata=np.nan, tags=facts.tags()) as dataset:
        with ThreadPoolExecutor(threads) as pool, ThreadPoolExecutor(1) as writer:
            read_lines = LineReader(image, steps, pool, clock)
            write = clock.timed("write", dataset.write)
            pending = deque()
            for row, column, pixels in projector.run(read_lines, threads):
                coverage.add(pixels)
                pending.append(writer.submit(write, pixels, 1, window=Window(column, row, *pixels.shape[::-1])))
                if len(pending) > _PENDING_WRITES:
                    pending.popleft().result()
            for future in pending:
                future.result()
        coverage.check(image.path, grid, processing.min_valid_fraction)
        finishing = time.perf_counter()
    clock.add("finish", time.perf_counter() - finishing)
    summary = Summary(coverage.valid / (grid.shape[0] * grid.shape[1]), time.perf_counter() - started, clock.stages())
    log.info("%s: %s", facts.product, summary)
    return summary


def _block_px(lines_per_pixel):
    """Return the side of the map blocks. It is smaller on coarse maps, whose blocks each need much of the image."""
    block_px = BLOCK_PX
    while block_px > _LEAST_BLOCK_PX and block_px * lines_per_pixel > _LINES_PER_BLOCK:
        block_px //= 2
    return block_px
