"""Speed of training and inference: `python benchmarks/learning.py`, or `make bench-learning`.

In one run, on a GPU where there is one, else on the CPU: tiles a second of the paper's training and inference by this
workflow, beside a plain float32 loop as torchvision's documentation has it, and the share of the device's matmul peak
that they reach, which is measured in the same run; inference of an image by both recipes and of a mosaic, and each with
a network that answers at once, which shows what the host can do. Both loops are fed by as many processes, each is
measured for as long, and its clock starts when it runs: after its first batch, and those that were loaded meanwhile.
Prints Markdown; with the paper's network and tile size also how long the paper's training would take at these rates.
"""

import argparse
import os
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import rasterio
import torch
import torchvision
from rasterio.windows import Window
from torch.utils.data import DataLoader, default_collate
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import segmentation

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from imfmap.inference import infer as infer_module  # noqa: E402
from imfmap.inference.infer import infer_image, infer_mosaic  # noqa: E402
from imfmap.inference.predictor import Predictor  # noqa: E402
from imfmap.learning.augment import augment_paper  # noqa: E402
from imfmap.learning.datasets import EpochBatches, TileDataset  # noqa: E402
from imfmap.learning.epochs import EpochRunner  # noqa: E402
from imfmap.learning.losses import Loss  # noqa: E402
from imfmap.learning.mixed_precision import PRECISIONS, autocast_to, choose_dtype, compile_model  # noqa: E402
from imfmap.learning.models import build_model, device_name, save_checkpoint  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.image_facts import ImageFacts  # noqa: E402
from imfmap.maps.rasters import read_raster, write_raster  # noqa: E402
from imfmap.maps.stretching import stretch_to_8bit  # noqa: E402
from imfmap.tiles.tiles import Tiles  # noqa: E402

RESOLUTION_M = 1.5
# Batches that each loading process holds ready, as in training.
PREFETCHED = 4
# More batches than any measurement takes.
MOST_BATCHES = 5_000
# The paper's training (Le Corre et al. 2025): its network, the side of its tiles, how many it learns from and validates
# on (turned copies counted), and its epochs.
PAPER = {"architecture": "deeplabv3_resnet50", "size_px": 512}
PAPER_TRAINED, PAPER_VALIDATED, PAPER_EPOCHS = 4500 + 2696, 1132 + 667, 100
# Side of the matrices of the peak, by kind of device.
MATRIX = {"cpu": 2048, "cuda": 8192}
FACTS = ImageFacts("M1L", "2010-01-01T00:00:00", 90.0, 45.0, 0.0, 45.0, 1.0, "native")


@dataclass(frozen=True)
class Bench:
    """What is measured, and on what."""

    architecture: str
    size_px: int
    batch_size: int
    seconds: float
    workers: int
    device: torch.device
    dtype: torch.dtype
    compile: bool

    def settings(self):
        """dict: a checkpoint's settings."""
        use = {"recipe": "paper", "tile_size_px": self.size_px, "resolution_m": RESOLUTION_M, "threshold": 0.5}
        return {"architecture": self.architecture} | use

    def inference(self):
        """dict: the config's `inference`, as the paper has it."""
        precision = str(self.dtype).removeprefix("torch.")
        common = {"overlap": 0.0, "batch_size": self.batch_size, "test_time_augmentation": []}
        return common | {"device": self.device.type, "precision": precision}

    def tiles(self, count):
        """Tiles of noise with dark bars in them."""
        rng = np.random.default_rng(0)
        image = rng.integers(90, 160, (count, self.size_px, self.size_px), dtype=np.uint8)
        mask = np.zeros_like(image)
        mask[:, :, self.size_px // 3 : self.size_px // 3 + 6] = 1
        image[mask > 0] = 30
        place = np.zeros(count)
        return Tiles(
            image,
            mask,
            np.ones_like(mask),
            np.arange(count),
            place,
            place,
            place,
            "bench",
            "paper",
            RESOLUTION_M,
            FACTS,
        )

    def rounds(self, work):
        """Batches that fill the time: `work` is tried with one, twice, the first time to warm up."""
        work(1)
        return max(1, int(self.seconds / self.timed(work, 1)))

    def timed(self, work, *arguments):
        """Seconds that some work takes."""
        self.wait()
        started = time.perf_counter()
        work(*arguments)
        self.wait()
        return time.perf_counter() - started

    def wait(self):
        """Wait for the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def matmul_peak(bench, dtype):
    """Most floating-point operations a second that products of large matrices reach."""
    side = MATRIX[bench.device.type]
    one, other = (torch.randn(side, side, device=bench.device, dtype=dtype) for _ in range(2))

    def multiply(times):
        for _ in range(times):
            torch.mm(one, other)

    times = bench.rounds(multiply)
    return max(2 * side**3 * times / bench.timed(multiply, times) for _ in range(2))


def convolution(image, kernel, _bias, steps, edges, dilations, *_others, out_shape):
    """Floating-point operations of a convolution that meet a pixel, by the shapes of its parts.

    A kernel that is dilated over half a small image meets the padding around it more often than pixels; that need not
    be computed, and where it is not, all operations counted would come to more than the device's peak.
    """
    met = 1
    for size, taps, step, edge, dilation, places in zip(
        image[2:], kernel[2:], steps, edges, dilations, out_shape[2:], strict=True
    ):
        pixels = np.arange(places)[:, None] * step - edge + np.arange(taps) * dilation
        met *= int(((pixels >= 0) & (pixels < size)).sum())
    return 2 * image[0] * kernel[0] * kernel[1] * met


def operations(bench):
    """Floating-point operations a tile: of inference, and of a training step, which is taken for three times that."""
    formula = {torch.ops.aten.convolution: convolution}
    with FlopCounterMode(display=False, custom_mapping=formula) as counter, torch.inference_mode():
        build_model(bench.settings()).eval()(torch.rand(1, 1, bench.size_px, bench.size_px))
    forward = counter.get_total_flops()
    return forward, 3 * forward


class Enough(Exception):
    """The time is filled."""


class Clock:
    """Told of every batch that a loop has learnt, it measures the loop once that runs, and ends it.

    Before it starts, a loop has started its loading processes and used up what these loaded meanwhile.
    """

    def __init__(self, bench):
        self.bench = bench
        self.batches, self._warm, self._started = 0, 1 + bench.workers * PREFETCHED, None

    def __call__(self, _loss=None):
        self.batches += 1
        if self.batches < self._warm:
            return
        if self._started is None:
            self.bench.wait()
            self._started = time.perf_counter()
        elif time.perf_counter() - self._started >= self.bench.seconds:
            raise Enough

    def rate(self, learn):
        """Tiles a second of a loop, a function of a loader and a clock."""
        with suppress(Enough):
            learn(loader(self.bench), self)
        self.bench.wait()
        seconds = time.perf_counter() - self._started
        return (self.batches - self._warm) * self.bench.batch_size / seconds


def loader(bench):
    """Batches without end of augmented tiles, as training loads them."""
    chosen = np.tile(np.arange(bench.batch_size), MOST_BATCHES)
    tiles = TileDataset([bench.tiles(bench.batch_size)], [chosen], augment_paper)
    return DataLoader(
        tiles,
        batch_sampler=EpochBatches(len(tiles), bench.batch_size, shuffle=True),
        num_workers=bench.workers,
        prefetch_factor=PREFETCHED if bench.workers else None,
        pin_memory=bench.device.type == "cuda",
        collate_fn=default_collate,
    )


def reference_network(bench):
    """torchvision's network, as its documentation builds it."""
    return getattr(segmentation, bench.architecture)(weights=None, weights_backbone=None, num_classes=1).to(
        bench.device
    )


def train_reference(bench):
    """A plain float32 training loop: tiles a second."""
    network = reference_network(bench).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)

    def learn(batches, tell):
        for batch in batches:
            image, mask = batch["image"].to(bench.device).expand(-1, 3, -1, -1), batch["mask"].to(bench.device)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(image)["out"], mask)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            tell(loss.item())

    return Clock(bench).rate(learn)


def train_ours(bench):
    """The workflow's training: tiles a second."""
    network = build_model(bench.settings()).to(bench.device, memory_format=torch.channels_last)
    learner = network
    if bench.compile:

        def trial(network):
            batch = torch.rand(bench.batch_size, 1, bench.size_px, bench.size_px, device=bench.device)
            with autocast_to(bench.device, bench.dtype), torch.set_grad_enabled(network.training):
                logits = network(batch.contiguous(memory_format=torch.channels_last))
            if network.training:
                logits.float().mean().backward()

        learner = compile_model(network, trial)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4, fused=True)
    schedule = torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
    scaler = torch.amp.GradScaler(bench.device.type, enabled=bench.dtype == torch.float16)
    through = EpochRunner(bench.device, Loss(), 0.5, bench.dtype)
    return Clock(bench).rate(lambda batches, tell: through.train(learner, batches, optimiser, schedule, scaler, tell))


def infer_reference(bench, image_path, out_path):
    """A plain float32 loop from disk to disk: tiles a second."""
    network = reference_network(bench).eval()
    size = bench.size_px

    def run(rows):
        with rasterio.open(image_path) as image, torch.inference_mode():
            low, high = 0.02, 0.08
            profile = {**image.profile, "dtype": "uint8", "nodata": 255, "predictor": 2}
            with rasterio.open(out_path, "w", **profile) as out:
                corners = [(row, column) for row in range(0, rows, size) for column in range(0, image.width, size)]
                for start in range(0, len(corners), bench.batch_size):
                    part = corners[start : start + bench.batch_size]
                    windows = [Window(column, row, size, size) for row, column in part]
                    pixels = np.stack([image.read(1, window=window) for window in windows])
                    batch = torch.from_numpy(((pixels - low) / (high - low)).clip(0, 1)).to(bench.device)
                    logits = network(batch[:, None].expand(-1, 3, -1, -1))["out"]
                    codes = (torch.sigmoid(logits[:, 0]) * 250).round().to(torch.uint8).cpu().numpy()
                    for window, values in zip(windows, codes, strict=True):
                        out.write(values, 1, window=window)

    run(size)
    with rasterio.open(image_path) as image:
        height, tiles = image.height, (image.height // size) * (image.width // size)
    return tiles / bench.timed(run, height)


def infer_ours(bench, infer, checkpoint, image_path, out_path):
    """The workflow's inference from disk to disk, its start and the reading of the weights included: tiles a second."""
    with rasterio.open(image_path) as image:
        tiles = (image.height // bench.size_px) * (image.width // bench.size_px)
    seconds = bench.timed(infer, checkpoint, image_path, out_path, bench.inference(), torch.get_num_threads())
    return tiles / seconds


class AtOnce(Predictor):
    """A network that answers at once, as a smooth field with fractures in it: what is left is the host's work."""

    def __init__(self, checkpoint_path, settings):
        super().__init__(checkpoint_path, settings)
        size = self.size_px
        slope = np.random.default_rng(2).standard_normal((size, size)).cumsum(axis=1)
        self._answer = (1e-3 / (1 + np.exp(-slope / size**0.5))).astype(np.float32)
        self._answer[:, size // 3 : size // 3 + 6] = 0.9

    def __call__(self, windows, sun_azimuth_deg=0.0):
        """As `Predictor`."""
        return lambda: np.broadcast_to(self._answer, windows.shape)


def infer_without_network(bench, *arguments):
    """As `infer_ours`, with `AtOnce` as the network."""
    with mock.patch.object(infer_module, "Network", AtOnce):
        return infer_ours(bench, *arguments)


def write_mosaic(image_path, path):
    """Write an image's 8-bit mosaic."""
    image, grid, _ = read_raster(image_path)
    write_raster(path, stretch_to_8bit(image), grid, nodata=0)


def write_image(bench, path, tiles):
    """Write a square image of noise, of about so many tiles."""
    side = bench.size_px * max(2, round(tiles**0.5))
    crs, extent_m = body("moon").projected("equirectangular", 10, 20), side * RESOLUTION_M
    grid = MapGrid.covering(crs, (0, 0, extent_m, extent_m), RESOLUTION_M)
    noise = np.random.default_rng(1).normal(0.05, 0.01, (side, side)).clip(0.02, 0.08).astype(np.float32)
    write_raster(path, noise, grid, nodata=np.nan, tags=FACTS.tags())


def infer_in_memory(bench, checkpoint):
    """The workflow's network on windows in memory, results in memory: tiles a second, and batches measured."""
    network = Predictor(checkpoint, bench.inference())
    windows = bench.tiles(bench.batch_size).image

    def run(batches):
        under_way = network(windows)
        for _ in range(batches - 1):
            following = network(windows)
            under_way()
            under_way = following
        under_way()

    batches = bench.rounds(run)
    return batches * bench.batch_size / bench.timed(run, batches), batches


def measure(bench, folder):
    """Measure all cases.

    Returns
    -------
    dict
        `peaks`, operations a second by format; `operations` a tile, of inference and training; `cases`: by name tiles
        a second, whether it trains, and the format it computes in, None where it computes nothing.
    """
    formats = dict.fromkeys((torch.float32, bench.dtype))
    before = {dtype: matmul_peak(bench, dtype) for dtype in formats}
    plain, ours = train_reference(bench), train_ours(bench)
    checkpoint, image_path, mosaic_path = (folder / name for name in ("model.pt", "image.tif", "mosaic.tif"))
    turned, out_path = folder / "turned.pt", folder / "out.tif"
    network = build_model(bench.settings())
    save_checkpoint(checkpoint, network, bench.settings())
    save_checkpoint(turned, network, bench.settings() | {"recipe": "sun_aligned"})
    in_memory, batches = infer_in_memory(bench, checkpoint)
    # Once without the clock, as the plain loop.
    write_image(bench, image_path, bench.batch_size)
    infer_ours(bench, infer_image, checkpoint, image_path, out_path)
    write_image(bench, image_path, batches * bench.batch_size)
    write_mosaic(image_path, mosaic_path)
    plain_from_disk = infer_reference(bench, image_path, out_path)
    ways = {
        "image": (infer_image, checkpoint, image_path, folder / "image_p.tif"),
        "image turned to the Sun": (infer_image, turned, image_path, folder / "turned_p.tif"),
        "mosaic": (infer_mosaic, checkpoint, mosaic_path, folder / "mosaic_p.tif"),
    }
    from_disk = {way: infer_ours(bench, *arguments) for way, arguments in ways.items()}
    # What is known of the mosaic's windows goes, so that they are asked for again.
    (folder / ".mosaic_p.blocks").unlink()
    at_once = {way: infer_without_network(bench, *arguments) for way, arguments in ways.items()}
    cases = {
        "training, plain float32 loop": (plain, True, torch.float32),
        "training, this workflow": (ours, True, bench.dtype),
        "inference, plain float32 loop, disk to disk": (plain_from_disk, False, torch.float32),
        **{
            f"inference, this workflow, disk to disk, {way}": (rate, False, bench.dtype)
            for way, rate in from_disk.items()
        },
        "inference, this workflow, memory to memory": (in_memory, False, bench.dtype),
        **{f"without a network, disk to disk, {way}": (rate, False, None) for way, rate in at_once.items()},
    }
    # On a machine with other work the peak is what it was at its freest.
    peaks = {dtype: max(before[dtype], matmul_peak(bench, dtype)) for dtype in formats}
    return {"peaks": peaks, "operations": operations(bench), "cases": cases}


def report(bench, measured):
    """Markdown: machine, peaks and cases."""
    peaks = ", ".join(f"{_named(dtype)} {value / 1e12:.3g}" for dtype, value in measured["peaks"].items())
    lines = [
        f"{device_name(bench.device)}; {len(os.sched_getaffinity(0))} CPU cores; torch {torch.__version__}, "
        f"torchvision {torchvision.__version__}",
        f"{bench.architecture}, {bench.size_px} px, batch {bench.batch_size}, {bench.workers} loading processes"
        + (", compiled" if bench.compile else ""),
        f"matmul peak, measured: {peaks} TFLOP/s" + (", float32 as TF32" if bench.device.type == "cuda" else ""),
        "",
        "| case | format | tiles/s | / plain | TFLOP/s | of the peak |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    plain = {}
    for name, (rate, trains, dtype) in measured["cases"].items():
        plain.setdefault(trains, rate)
        line = f"| {name} | {_named(dtype) if dtype else '-'} | {rate:.3g} | {rate / plain[trains]:.2f} |"
        if dtype is None:
            lines.append(f"{line} - | - |")
            continue
        work = rate * measured["operations"][trains]
        lines.append(f"{line} {work / 1e12:.3g} | {100 * work / measured['peaks'][dtype]:.0f} % |")
    if {"architecture": bench.architecture, "size_px": bench.size_px} == PAPER:
        lines += ["", *papers_training(measured["cases"])]
    return "\n".join(lines)


def papers_training(cases):
    """Lines: how long the paper's training would take at the rates of cases, see `measure`."""
    rates = {name: rate for name, (rate, _, _) in cases.items()}
    ways = {
        "this workflow": ("training, this workflow", "inference, this workflow, memory to memory"),
        "plain float32 loop": ("training, plain float32 loop", "inference, plain float32 loop, disk to disk"),
    }
    yield (
        f"{PAPER_EPOCHS} epochs of the paper's training, each of {PAPER_TRAINED} tiles to learn from and "
        f"{PAPER_VALIDATED} to validate on, reckoned from the rates above (validation at that of inference; nothing "
        "for checkpoints and start; tiles loaded as fast all along; the paper: 10-12 h on an A100):"
    )
    for way, (trained, inferred) in ways.items():
        epoch_s = PAPER_TRAINED / rates[trained] + PAPER_VALIDATED / rates[inferred]
        yield f"- {way}: {PAPER_EPOCHS * epoch_s / 3600:.3g} h"


def _named(dtype):
    return str(dtype).removeprefix("torch.")


def main():
    """Command line."""
    on_gpu = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description="Speed of training and inference.")
    parser.add_argument("--architecture", default="deeplabv3_resnet50" if on_gpu else "deeplabv3_mobilenet_v3_large")
    parser.add_argument("--size-px", type=int, default=512 if on_gpu else 256)
    parser.add_argument("--batch-size", type=int, default=32 if on_gpu else 8)
    parser.add_argument("--seconds", type=float, default=6.0, help="that each case is measured for, about")
    parser.add_argument("--workers", type=int, default=12 if on_gpu else 0, help="processes that load tiles")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of the CPU")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--compile", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.backends.cudnn.benchmark = True
    # Convolutions of float32 run on TF32 unless told otherwise; so does the peak that they are held against.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    device = torch.device("cuda" if on_gpu else "cpu")
    dtype = choose_dtype(given.precision, device, "--precision")
    sizes = (given.size_px, given.batch_size, given.seconds, given.workers)
    bench = Bench(given.architecture, *sizes, device, dtype, given.compile)
    with tempfile.TemporaryDirectory() as folder:
        print(report(bench, measure(bench, Path(folder))))


if __name__ == "__main__":
    main()
