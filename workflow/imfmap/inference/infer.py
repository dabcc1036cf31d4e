"""Probability of fracture for images and mosaics of any size, window by window.

Both recipes cut square windows on a regular lattice, give them to the network in batches, and blend the results with
weights that fall smoothly to the windows' edges. The lattice of recipe ``paper`` lies on the map's pixels. The lattice
of recipe ``sun_aligned`` lies in the image's Sun-aligned frame (`sun_frame.SunFrame`), and its result is turned back to
the map. Memory holds one row of windows, whatever the raster's size. After a kill, the next run continues where the
last one stopped, with the same result.
"""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch

from ..core.checksums import Checksums
from ..core.choices import INFERENCE
from ..core.code_digest import code_of
from ..core.errors import InputError
from ..core.part_store import PartStore
from ..core.processors import usable_processors
from ..core.scratch import RowFile, Scratch
from ..learning.architectures import check_mosaic_model
from ..learning.probability_calibration import COMPLETENESS_TAG
from ..maps.grids import MapGrid
from ..maps.image_facts import ImageFacts
from ..maps.probability_raster import MEDIAN_TAG, create_probability
from ..maps.rasters import open_raster
from ..maps.window_reading import SharedReader
from ..tiles.sun_frame import SunFrame
from .lattice import Lattice, blend
from .map_blocks import (
    CELL,
    READ_BLOCK,
    all_blocks,
    map_codes,
    mark_seen,
    no_cells,
    stretched,
    survey_image,
    write_codes,
    write_pixels,
)
from .predictor import Predictor
from .sun_aligned import aligned_lattice, aligned_window, brightness_of, rotate_to_map
from .window_cache import WindowCache

log = logging.getLogger(__name__)


def infer_image(
    checkpoint_path: str | Path,
    projected_path: str | Path,
    out_path: str | Path,
    settings: Mapping[str, Any],
    threads: int | None = None,
) -> None:
    """Write the probability of fracture in one projected image.

    Windows are made as the model's training tiles were. Recipe ``sun_aligned``: brightness relative to the
    surroundings, turned so that the Sun is on the left. Recipe ``paper``: the image stretched to 8 bit between its
    extremes, along the map's rows and columns.

    Parameters
    ----------
    checkpoint_path : path
        Checkpoint of a model of either recipe.
    projected_path : path
        float32 I/F raster with `image_facts.ImageFacts` tags, NaN for no data.
    out_path : path
        8-bit probability raster to write, on the same grid (see `probability_raster`).
    settings : mapping
        The config's ``inference``:

        * ``overlap`` of neighbouring windows, as a share of their side, 0..0.9;
        * ``batch_size``;
        * ``test_time_augmentation``, a list of ``flips`` (the result is the mean with mirrored windows: up-down, and
          for recipe ``paper`` also left-right and both) and ``rotations`` (recipe ``paper``: the mean also includes the
          quarter turns of all these);
        * ``device``;
        * ``precision``, by default "auto" (see `mixed_precision.choose_dtype`);
        * ``calibrated``, by default True: whether the calibration that the checkpoint holds is applied;
        * ``sun_offset_deg``, by default 0: error that is added to the Sun's azimuth, to measure what wrong directions
          cost. It changes the turn of the windows, or the input of a Sun-aware model.
    threads : int, optional
        Processor cores to use; by default all that this process may use.

    Raises
    ------
    InputError
        If the raster lacks its tags or has no valid pixel, or if the model cannot be used.
    """
    predictor = Predictor(checkpoint_path, settings)
    threads = _use_threads(threads)
    key = _scratch_key(checkpoint_path, projected_path, settings)
    with open_raster(projected_path) as dataset:
        facts = ImageFacts.from_tags(dataset.tags(), projected_path)
        grid, tags = MapGrid.of(dataset), dataset.tags()
    with rasterio.Env(GDAL_NUM_THREADS=threads), SharedReader(projected_path, np.nan) as reader:
        survey = survey_image(reader, grid.shape, projected_path, threads)
        given_azimuth_deg = facts.sun_azimuth_deg + settings.get("sun_offset_deg", INFERENCE["sun_offset_deg"])
        tags = {**tags, **predictor.tags(settings), MEDIAN_TAG: survey.median}
        with Scratch(out_path, key) as scratch:
            create = partial(create_probability, out_path, grid, tags)
            run = _Run(predictor, survey.seen, scratch, settings, threads, facts.product, create)
            aligned = predictor.recipe == "sun_aligned"

            def stretch(block):
                return stretched(reader(*block, READ_BLOCK, READ_BLOCK), survey.limits)

            make = brightness_of(reader, grid.shape, survey.median) if aligned else stretch
            pixels = write_pixels(make, grid.shape, survey.seen, scratch.path("pixels.u8"), threads)
            if aligned:
                run.aligned(pixels, SunFrame(given_azimuth_deg, grid.shape[0] // 2, grid.shape[1] // 2))
            else:
                run.along_map(pixels, grid.shape, given_azimuth_deg)


def infer_mosaic(
    checkpoint_path: str | Path,
    mosaic_path: str | Path,
    out_path: str | Path,
    settings: Mapping[str, Any],
    threads: int | None = None,
) -> None:
    """Write the probability of fracture in an 8-bit mosaic (recipe ``paper``).

    The network's result for a window is kept beside the product (see `part_store.PartStore`). Its key is the window's
    pixels: if a mosaic is made anew, the network runs only on windows whose pixels changed.

    Parameters
    ----------
    checkpoint_path : path
        Checkpoint of a model trained on the paper's tiles.
    mosaic_path : path
        uint8 raster, 0 for no data.
    out_path : path
        8-bit probability raster to write, on the same grid (see `probability_raster`).
    settings : mapping
        As for `infer_image`; the paper uses an overlap of 0.
    threads : int, optional
        As for `infer_image`.

    Raises
    ------
    InputError
        If the checkpoint is of the other recipe, if its model takes the Sun's direction as input (a mosaic has many),
        or if the raster is not 8-bit or has no valid pixel.
    """
    predictor = Predictor(checkpoint_path, settings)
    check_mosaic_model(predictor.recipe, predictor.is_sun_aware, checkpoint_path)
    threads = _use_threads(threads)
    with open_raster(mosaic_path) as dataset:
        if dataset.dtypes[0] != "uint8":
            held = f"holds {dataset.dtypes[0]} pixels"
            raise InputError(mosaic_path, held, "give an 8-bit mosaic with 0 for no data")
        grid = MapGrid.of(dataset)
    with rasterio.Env(GDAL_NUM_THREADS=threads), SharedReader(mosaic_path, 0) as reader:
        seen = no_cells(grid.shape)
        for block in all_blocks(grid.shape):
            mark_seen(seen, *block, reader(*block, READ_BLOCK, READ_BLOCK) != 0)
        if not seen.any():
            raise InputError(mosaic_path, "has no valid pixel", "check the mosaic, or the images it was made of")
        lattice, wanted = _lattice_along_map(seen, grid.shape, predictor.size_px, settings["overlap"])
        with PartStore(out_path, _window_key(predictor, checkpoint_path, out_path, settings)) as store:
            cache = WindowCache(predictor, store, lattice, settings["batch_size"])

            def read(v, u):
                return reader(v, u, predictor.size_px, predictor.size_px)

            def codes(block):
                valid = reader(*block, READ_BLOCK, READ_BLOCK) != 0
                return map_codes(cache.blended(block), valid, predictor.calibration)

            cache.fill(wanted, read, threads, Path(mosaic_path).stem)
            # What was measured of maps of single images does not hold for a mosaic.
            tags = {name: value for name, value in predictor.tags(settings).items() if name != COMPLETENESS_TAG}
            with create_probability(out_path, grid, tags) as out:
                write_codes(partial(cache.codes, make=codes), seen, out, threads)
            log.info(
                "%s: %d windows and blocks were kept from before, %d are new", mosaic_path, store.taken, store.made
            )


@dataclass(frozen=True)
class _Run:
    """Inference of one image: what both recipes share."""

    predictor: Predictor
    seen: np.ndarray
    scratch: Scratch
    settings: dict
    threads: int
    title: str
    create: Callable

    def aligned(self, brightness, frame):
        """Infer windows of the Sun-aligned frame from the image's brightness, and turn the result to the map."""
        size_px = self.predictor.size_px
        lattice, wanted = aligned_lattice(frame, self.seen, size_px, self.settings["overlap"])

        def read(v, u):
            return aligned_window(brightness, frame, v, u, size_px)

        probability = self._blend(self.predictor, lattice, wanted, read)
        with self.create() as out:
            calibration = self.predictor.calibration
            rotate_to_map(probability, brightness, frame, lattice, self.seen, out, self.threads, calibration)

    def along_map(self, reader, shape, sun_azimuth_deg):
        """Infer windows along the map's rows and columns, of 8-bit pixels that `reader` returns."""
        size_px = self.predictor.size_px
        lattice, wanted = _lattice_along_map(self.seen, shape, size_px, self.settings["overlap"])

        def read(v, u):
            return reader(v, u, size_px, size_px)

        def codes(block):
            values = probability(*block, READ_BLOCK, READ_BLOCK)
            valid = reader(*block, READ_BLOCK, READ_BLOCK) != 0
            return map_codes(values, valid, self.predictor.calibration)

        probability = self._blend(partial(self.predictor, sun_azimuth_deg=sun_azimuth_deg), lattice, wanted, read)
        with self.create() as out:
            write_codes(codes, self.seen, out, self.threads)

    def _blend(self, predictor, lattice, wanted, read):
        """Return the blended probabilities over a lattice's span, a file in the scratch."""
        probability = RowFile(self.scratch.path("probability.u16"), lattice.shape, np.uint16)
        batch_size = self.settings["batch_size"]
        blend(predictor, lattice, wanted, read, probability.write, batch_size, self.threads, self.title, self.scratch)
        return probability


def _lattice_along_map(seen, shape, size_px, overlap):
    """Return the lattice along a map's rows and columns, and which of its windows hold data: bool (rows, columns)."""
    lattice = Lattice.covering(0, 0, *shape, size_px, overlap)
    wanted = np.zeros((lattice.rows, lattice.columns), bool)
    for i, j in np.ndindex(*wanted.shape):
        cells = tuple(slice(start // CELL, -(-(start + size_px) // CELL)) for start in lattice.corner(i, j))
        wanted[i, j] = seen[cells].any()
    return lattice, wanted


def _scratch_key(checkpoint_path, image_path, settings):
    """Return all that an image's probability depends on; a scratch of another key is not used."""
    files = {}
    for name, path in (("checkpoint", checkpoint_path), ("image", image_path)):
        status = os.stat(path) if os.path.exists(path) else None
        files[name] = [str(path), status and status.st_size, status and status.st_mtime_ns]
    return {**settings, **files, "torch": torch.__version__}


def _window_key(predictor, checkpoint_path, out_path, settings):
    """Return all that the probability of a window depends on besides its pixels."""
    return {
        "code": code_of(__file__),
        "checkpoint": Checksums(Path(out_path).parent).of(checkpoint_path),
        "calibration": predictor.calibration and predictor.calibration.tag(),
        "views": predictor.views,
        "batch_size": settings["batch_size"],
        "device": predictor.device.type,
        "precision": str(predictor.dtype),
        "torch": torch.__version__,
    }


def _use_threads(threads):
    threads = threads or usable_processors()
    torch.set_num_threads(threads)
    return threads
