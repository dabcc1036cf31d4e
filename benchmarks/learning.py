"""Speed of training and inference: `python benchmarks/learning.py`, or `make bench-learning`.

The benchmark runs on a GPU if there is one, otherwise on the CPU. It measures tiles per second of the paper's training
and inference, for this workflow and for a plain float32 loop as in torchvision's documentation, and the share of the
device's matmul peak that they reach. The peak is measured in the same run. Inference is measured on an image with both
recipes and on a mosaic, and also with a network that returns at once, which shows the limit of the host. Both training
loops have the same number of loading processes and the same time. Their clock starts after the first batch and the
batches that were loaded meanwhile. The result is Markdown. With the paper's network and tile size, it includes the time
that the paper's training would take at these rates.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
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
# Batches that each loading process keeps ready, as in training.
PREFETCHED = 4
# More batches than any measurement takes.
MOST_BATCHES = 5_000
# The paper's training (Le Corre et al. 2025): its network, side of its tiles, number of training and of validation
# tiles (with turned copies), and number of epochs.
PAPER = {"architecture": "deeplabv3_resnet50", "size_px": 512}
PAPER_TRAINED, PAPER_VALIDATED, PAPER_EPOCHS = 4500 + 2696, 1132 + 667, 100
# Side of the matrices for the matmul peak, by kind of device.
MATRIX = {"cpu": 2048, "cuda": 8192}
FACTS = ImageFacts("M1L", "2010-01-01T00:00:00", 90.0, 45.0, 0.0, 45.0, 1.0, "native")


@dataclass(frozen=True)
class Bench:
    """Settings of the benchmark."""

    architecture: str
    size_px: int
    batch_size: int
    seconds: float
    workers: int
    device: torch.device
    dtype: torch.dtype
    compile: bool
    most_tiles: int | None = None

    def settings(self) -> dict[str, Any]:
        """Return the settings of a checkpoint."""
        use = {"recipe": "paper", "tile_size_px": self.size_px, "resolution_m": RESOLUTION_M, "threshold": 0.5}
        return {"architecture": self.architecture} | use

    def inference(self) -> dict[str, Any]:
        """Return the section `inference` of the config, as for the paper."""
        precision = str(self.dtype).removeprefix("torch.")
        common = {"overlap": 0.0, "batch_size": self.batch_size, "test_time_augmentation": []}
        return common | {"device": self.device.type, "precision": precision}

    def tiles(self, count: int) -> Tiles:
        """Return tiles of noise with dark bars."""
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

    def rounds(self, work: Callable[[int], None]) -> int:
        """Return the number of batches for `seconds` of work, from a trial with one batch after another to warm up."""
        work(1)
        return max(1, int(self.seconds / self.timed(work, 1)))

    def timed(self, work: Callable[..., Any], *arguments: Any) -> float:
        """Return the seconds that a function takes."""
        self.wait()
        started = time.perf_counter()
        work(*arguments)
        self.wait()
        return time.perf_counter() - started

    def wait(self) -> None:
        """Wait for the device."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def matmul_peak(bench: Bench, dtype: torch.dtype) -> float:
    """Return the floating-point operations per second of products of large matrices, the better of two trials."""
    side = MATRIX[bench.device.type]
    one, other = (torch.randn(side, side, device=bench.device, dtype=dtype) for _ in range(2))

    def multiply(times):
        for _ in range(times):
            torch.mm(one, other)

    times = bench.rounds(multiply)
    return max(2 * side**3 * times / bench.timed(multiply, times) for _ in range(2))


def convolution(
    image: Sequence[int],
    kernel: Sequence[int],
    _bias: Any,
    steps: Sequence[int],
    edges: Sequence[int],
    dilations: Sequence[int],
    *_others: Any,
    out_shape: Sequence[int],
) -> int:
    """Return the number of floating-point operations of a convolution that involve pixels, not padding.

    A kernel that is dilated over half a small image meets the padding more often than pixels. Such products need not be
    computed. If they were counted but not computed, rates could exceed the device's peak.
    """
    met = 1
    for size, taps, step, edge, dilation, places in zip(
        image[2:], kernel[2:], steps, edges, dilations, out_shape[2:], strict=True
    ):
        pixels = np.arange(places)[:, None] * step - edge + np.arange(taps) * dilation
        met *= int(((pixels >= 0) & (pixels < size)).sum())
    return 2 * image[0] * kernel[0] * kernel[1] * met


def operations(bench: Bench) -> tuple[int, int]:
    """Return the floating-point operations per tile of inference, and of training (taken as three times that)."""
    formula = {torch.ops.aten.convolution: convolution}
    with FlopCounterMode(display=False, custom_mapping=formula) as counter, torch.inference_mode():
        build_model(bench.settings()).eval()(torch.rand(1, 1, bench.size_px, bench.size_px))
    forward = counter.get_total_flops()
    return forward, 3 * forward


class Enough(Exception):
    """The measuring time is over."""


class Clock:
    """Clock of a training loop. The loop calls it after every batch; it raises `Enough` at the end of the time.

    The clock starts after the first batch and the batches that the loading processes had ready by then.
    """

    def __init__(self, bench: Bench):
        self.bench = bench
        self.batches, self._warm, self._started = 0, 1 + bench.workers * PREFETCHED, None

    def __call__(self, _loss: float | None = None) -> None:
        self.batches += 1
        if self.batches < self._warm:
            return
        if self._started is None:
            self.bench.wait()
            self._started = time.perf_counter()
        elif time.perf_counter() - self._started >= self.bench.seconds:
            raise Enough

    def rate(self, learn: Callable[[DataLoader, "Clock"], None]) -> float:
        """Return the tiles per second of a loop, which is a function of a loader and a clock."""
        with suppress(Enough):
            learn(loader(self.bench), self)
        self.bench.wait()
        seconds = time.perf_counter() - self._started
        return (self.batches - self._warm) * self.bench.batch_size / seconds


def loader(bench: Bench) -> DataLoader:
    """Return a loader of more augmented batches than are needed, like that of the training."""
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


def reference_network(bench: Bench) -> torch.nn.Module:
    """Return torchvision's network, built as in its documentation."""
    return getattr(segmentation, bench.architecture)(weights=None, weights_backbone=None, num_classes=1).to(
        bench.device
    )


def train_reference(bench: Bench) -> float:
    """Return the tiles per second of a plain float32 training loop."""
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


def train_ours(bench: Bench) -> float:
    """Return the tiles per second of the workflow's training."""
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


def infer_reference(bench: Bench, image_path: Path, out_path: Path) -> float:
    """Return the tiles per second of a plain float32 inference loop from disk to disk."""
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


def infer_ours(bench: Bench, infer: Callable[..., None], checkpoint: Path, image_path: Path, out_path: Path) -> float:
    """Return the tiles per second of the workflow's inference from disk to disk, with start and reading of weights."""
    with rasterio.open(image_path) as image:
        tiles = (image.height // bench.size_px) * (image.width // bench.size_px)
    seconds = bench.timed(infer, checkpoint, image_path, out_path, bench.inference(), torch.get_num_threads())
    return tiles / seconds


class AtOnce(Predictor):
    """A network that returns a fixed field with a fracture at once. What remains is the host's work."""

    def __init__(self, checkpoint_path: Path, settings: Mapping[str, Any]):
        super().__init__(checkpoint_path, settings)
        size = self.size_px
        slope = np.random.default_rng(2).standard_normal((size, size)).cumsum(axis=1)
        self._answer = (1e-3 / (1 + np.exp(-slope / size**0.5))).astype(np.float32)
        self._answer[:, size // 3 : size // 3 + 6] = 0.9

    def __call__(self, windows: np.ndarray, sun_azimuth_deg: float = 0.0) -> Callable[[], np.ndarray]:
        """Return the fixed field for each window; see `Predictor`."""
        return lambda: np.broadcast_to(self._answer, windows.shape)


def infer_without_network(bench: Bench, *arguments: Any) -> float:
    """Return the result of `infer_ours` with `AtOnce` as the network."""
    with mock.patch.object(infer_module, "Predictor", AtOnce):
        return infer_ours(bench, *arguments)


def write_mosaic(image_path: Path, path: Path) -> None:
    """Write the 8-bit mosaic of one image."""
    image, grid, _ = read_raster(image_path)
    write_raster(path, stretch_to_8bit(image), grid, nodata=0)


def write_image(bench: Bench, path: Path, tiles: int) -> None:
    """Write a square image of noise with about `tiles` tiles."""
    side = bench.size_px * max(2, round(tiles**0.5))
    crs, extent_m = body("moon").projected("equirectangular", 10, 20), side * RESOLUTION_M
    grid = MapGrid.covering(crs, (0, 0, extent_m, extent_m), RESOLUTION_M)
    noise = np.random.default_rng(1).normal(0.05, 0.01, (side, side)).clip(0.02, 0.08).astype(np.float32)
    write_raster(path, noise, grid, nodata=np.nan, tags=FACTS.tags())


def infer_in_memory(bench: Bench, checkpoint: Path) -> tuple[float, int]:
    """Return tiles per second of the workflow's network from memory to memory, and the number of batches measured."""
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


def measure(bench: Bench, folder: Path) -> dict[str, Any]:
    """Measure all cases.

    Returns
    -------
    dict
        `peaks`: operations per second by format. `operations`: operations per tile of inference and of training.
        `cases`: for each name, tiles per second, whether the case trains, and its format (None without a network).
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
    # A first run without the clock, as for the plain loop.
    write_image(bench, image_path, bench.batch_size)
    infer_ours(bench, infer_image, checkpoint, image_path, out_path)
    tiles = batches * bench.batch_size
    write_image(bench, image_path, min(tiles, bench.most_tiles or tiles))
    write_mosaic(image_path, mosaic_path)
    plain_from_disk = infer_reference(bench, image_path, out_path)
    ways = {
        "image": (infer_image, checkpoint, image_path, folder / "image_p.tif"),
        "image turned to the Sun": (infer_image, turned, image_path, folder / "turned_p.tif"),
        "mosaic": (infer_mosaic, checkpoint, mosaic_path, folder / "mosaic_p.tif"),
    }
    from_disk = {way: infer_ours(bench, *arguments) for way, arguments in ways.items()}
    # Without the stored results of the windows, they are computed again.
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
    # Other work on the machine lowers a measured peak, so the highest counts.
    peaks = {dtype: max(before[dtype], matmul_peak(bench, dtype)) for dtype in formats}
    return {"peaks": peaks, "operations": operations(bench), "cases": cases}


def report(bench: Bench, measured: Mapping[str, Any]) -> str:
    """Return machine, peaks and cases as Markdown."""
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


def papers_training(cases: Mapping[str, tuple[float, bool, torch.dtype | None]]) -> Iterator[str]:
    """Yield lines with the time that the paper's training would take at the rates of the cases of `measure`."""
    rates = {name: rate for name, (rate, _, _) in cases.items()}
    ways = {
        "this workflow": ("training, this workflow", "inference, this workflow, memory to memory"),
        "plain float32 loop": ("training, plain float32 loop", "inference, plain float32 loop, disk to disk"),
    }
    yield (
        f"{PAPER_EPOCHS} epochs of the paper's training, each with {PAPER_TRAINED} training tiles and "
        f"{PAPER_VALIDATED} validation tiles, computed from the rates above (validation at the rate of inference; "
        "without checkpoints and start; loading always as fast as here; the paper: 10-12 h on an A100):"
    )
    for way, (trained, inferred) in ways.items():
        epoch_s = PAPER_TRAINED / rates[trained] + PAPER_VALIDATED / rates[inferred]
        yield f"- {way}: {PAPER_EPOCHS * epoch_s / 3600:.3g} h"


def _named(dtype):
    return str(dtype).removeprefix("torch.")


def main() -> None:
    """Run the benchmark from the command line."""
    on_gpu = torch.cuda.is_available()
    parser = argparse.ArgumentParser(description="Speed of training and inference.")
    parser.add_argument("--architecture", default="deeplabv3_resnet50" if on_gpu else "deeplabv3_mobilenet_v3_large")
    parser.add_argument("--size-px", type=int, default=512 if on_gpu else 256)
    parser.add_argument("--batch-size", type=int, default=32 if on_gpu else 8)
    parser.add_argument("--seconds", type=float, default=6.0, help="approximate time of each measurement")
    parser.add_argument("--workers", type=int, default=12 if on_gpu else 0, help="processes that load tiles")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of the CPU")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--most-tiles", type=int, help="most tiles of the image on the disk, which takes time to write")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.backends.cudnn.benchmark = True
    # By default, float32 convolutions use TF32. So does the peak that they are compared with.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    device = torch.device("cuda" if on_gpu else "cpu")
    dtype = choose_dtype(given.precision, device, "--precision")
    sizes = (given.size_px, given.batch_size, given.seconds, given.workers)
    bench = Bench(given.architecture, *sizes, device, dtype, given.compile, given.most_tiles)
    with tempfile.TemporaryDirectory() as folder:
        print(report(bench, measure(bench, Path(folder))))


if __name__ == "__main__":
    main()
