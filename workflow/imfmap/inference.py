"""Probability of fracture for images and mosaics of any size, window by window.

Both recipes cut square windows on a regular lattice, give them to the network in batches, and blend them with weights
that fall smoothly to the windows' edges. The lattice of the paper's recipe lies on the mosaic's pixels. That of recipe
``imfmap`` lies in the image's Sun-aligned frame (`sunframe.SunFrame`), and its result is turned back to the map.
Memory holds one row of windows, whatever the raster's size.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from rasterio.windows import Window

from .aligned import SCRATCH_ONE, aligned_lattice, aligned_window, scratch, survey, turn_back, write_brightness
from .errors import InputError
from .grids import MapGrid
from .models import choose_device, load_checkpoint, network_input
from .probability import CODES, MEDIAN_TAG, NODATA, create_probability
from .products import ImageFacts
from .rasters import open_raster
from .sunframe import SunFrame
from .windows import Lattice, SharedReader, blend

_UP_DOWN, _LEFT_RIGHT = -2, -1


def infer_image(checkpoint_path, projected_path, out_path, settings, threads=None):
    """Probability of fracture in one projected image (recipe ``imfmap``).

    Parameters
    ----------
    checkpoint_path : path
        Checkpoint of a model trained on Sun-aligned tiles.
    projected_path : path
        float32 I/F raster with `products.ImageFacts` tags, NaN for no data.
    out_path : path
        8-bit probability raster to write, on the same grid (see `probability`).
    settings : mapping
        The config's ``inference``: ``overlap`` of neighbouring windows (share of their side, 0..0.9), ``batch_size``,
        ``flips`` (average with the window mirrored up-down, which leaves the Sun where it is), ``device``.
    threads : int, optional
        Processor cores to use; by default all that this process may.

    Raises
    ------
    InputError
        For a checkpoint of the other recipe, or a raster without facts or without a valid pixel.
    """
    network = Network(checkpoint_path, "imfmap", settings, mirrors=((_UP_DOWN,),))
    threads = _use_threads(threads)
    with open_raster(projected_path) as dataset:
        facts = ImageFacts.from_tags(dataset.tags(), projected_path)
        grid, tags = MapGrid.of(dataset), dataset.tags()
        seen, median = survey(dataset, projected_path)
        frame = SunFrame(facts.sun_azimuth_deg, grid.shape[0] // 2, grid.shape[1] // 2)
        lattice, wanted = aligned_lattice(frame, seen, network.size_px, settings["overlap"])
        Path(out_path).parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=Path(out_path).parent, prefix=f".{Path(out_path).stem}.") as folder:
            brightness, aligned = Path(folder) / "brightness.tif", Path(folder) / "aligned.tif"
            write_brightness(dataset, seen, median, brightness, threads)
            with scratch(aligned, lattice.shape, "uint16") as sink, SharedReader(brightness) as reader:

                def read(v, u):
                    return aligned_window(reader, frame, v, u, network.size_px)

                def write(row, values):
                    codes = np.rint(values * SCRATCH_ONE).astype(np.uint16)
                    sink.write(codes, 1, window=_rows(row, codes))

                blend(network, lattice, wanted, read, write, settings["batch_size"], threads, facts.product)
            with (
                SharedReader(aligned) as probability,
                SharedReader(brightness) as reader,
                create_probability(out_path, grid, {**tags, **network.tags(settings), MEDIAN_TAG: median}) as out,
            ):
                turn_back(probability, reader, frame, lattice, seen, out, threads)


def infer_mosaic(checkpoint_path, mosaic_path, out_path, settings, threads=None):
    """Probability of fracture in an 8-bit mosaic (recipe ``paper``).

    Parameters
    ----------
    checkpoint_path : path
        Checkpoint of a model trained on the paper's tiles.
    mosaic_path : path
        uint8 raster, 0 for no data.
    out_path : path
        8-bit probability raster to write, on the same grid (see `probability`).
    settings : mapping
        As for `infer_image`; an overlap of 0 is the paper's way, and flips are taken along both axes.
    threads : int, optional
        As for `infer_image`.

    Raises
    ------
    InputError
        For a checkpoint of the other recipe, or a raster that is not 8-bit or holds no data.
    """
    mirrors = ((_UP_DOWN,), (_LEFT_RIGHT,), (_UP_DOWN, _LEFT_RIGHT))
    network = Network(checkpoint_path, "paper", settings, mirrors)
    threads = _use_threads(threads)
    with open_raster(mosaic_path) as dataset:
        if dataset.dtypes[0] != "uint8":
            found = f"holds {dataset.dtypes[0]} pixels"
            raise InputError(mosaic_path, found, "give an 8-bit mosaic with 0 for no data")
        grid = MapGrid.of(dataset)
    lattice = Lattice.covering(0, 0, *grid.shape, network.size_px, settings["overlap"])
    with (
        SharedReader(mosaic_path) as reader,
        create_probability(out_path, grid, network.tags(settings)) as out,
    ):
        seen = np.zeros((lattice.rows, lattice.columns), bool)
        for i, j in np.ndindex(*seen.shape):
            v, u = lattice.corner(i, j)
            seen[i, j] = reader(v, u, network.size_px, network.size_px).any()
        if not seen.any():
            raise InputError(mosaic_path, "has no valid pixel", "check the mosaic, or the images it was made of")

        def write(row, values):
            height = min(len(values), grid.shape[0] - row)
            if height <= 0:
                return
            valid = reader(row, 0, height, grid.shape[1]) != 0
            codes = np.rint(values[:height, : grid.shape[1]] * CODES).astype(np.uint8)
            codes = np.where(valid, codes, np.uint8(NODATA))
            out.write(codes, 1, window=_rows(row, codes))

        def read(v, u):
            return reader(v, u, network.size_px, network.size_px)

        blend(network, lattice, seen, read, write, settings["batch_size"], threads, Path(mosaic_path).stem)


class Network:
    """A trained model as a function of windows.

    Parameters
    ----------
    checkpoint_path : path
    recipe : str
        The recipe that the checkpoint must be of.
    settings : mapping
        See `infer_image`.
    mirrors : tuple of tuple of int
        Axes of the mirrored views to average with when ``settings["flips"]``: those under which the recipe's tiles
        stay what they are.

    Attributes
    ----------
    size_px : int
        Side of its windows: that of the tiles it was trained on.

    Raises
    ------
    InputError
        For a checkpoint of another recipe, or a GPU asked for where there is none.
    """

    def __init__(self, checkpoint_path, recipe, settings, mirrors):
        model, trained = load_checkpoint(checkpoint_path)
        if trained["recipe"] != recipe:
            raise InputError(checkpoint_path, f"was trained for recipe {trained['recipe']}", f"this run's is {recipe}")
        self.device = choose_device(settings["device"], "inference.device")
        self.model = model.to(self.device).eval()
        self.size_px = trained["tile_size_px"]
        self.recipe = recipe
        self.views = ((), *(mirrors if settings["flips"] else ()))

    def __call__(self, windows):
        """Probabilities of windows.

        Parameters
        ----------
        windows : ndarray
            uint8 (N, S, S), 0 for no data.

        Returns
        -------
        ndarray
            float32 (N, S, S), 0..1.
        """
        with torch.inference_mode():
            batch = network_input(torch.from_numpy(windows).to(self.device))
            total = 0.0
            for axes in self.views:
                view = batch.flip(axes) if axes else batch
                result = torch.sigmoid(self.model(view))
                total = total + (result.flip(axes) if axes else result)
            return (total / len(self.views))[:, 0].float().cpu().numpy()

    def tags(self, settings):
        """dict: how the probability was made, for its raster."""
        return {
            "IMF_RECIPE": self.recipe,
            "IMF_WINDOW_PX": self.size_px,
            "IMF_OVERLAP": settings["overlap"],
            "IMF_FLIPS": settings["flips"],
        }


def _use_threads(threads):
    threads = threads or len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    return threads


def _rows(row, values):
    return Window(0, row, values.shape[1], values.shape[0])
