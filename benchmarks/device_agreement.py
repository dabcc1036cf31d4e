"""Whether a GPU gives the CPU's results: `python benchmarks/device_agreement.py`. Exit status 1 says that it does not.

An image is searched, as it is and turned to the Sun, and a mosaic; and some steps of training are made, all with the
same weights and tiles. On the device, that is done in float32 without TF32, which must give the CPU's results but for
rounding, and in the format that `precision: auto` chooses, whose differences are only told. The result is Markdown.
Without a GPU, the CPU is compared with itself.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import learning
import numpy as np
import torch
from learning import Bench

from imfmap.learning.models import load_checkpoint

# Limits in float32: of probabilities in codes of 1/250, and of the loss, relative.
MOST_CODES, MOST_LOSS = 1, 1e-3
STEPS = 4


def probabilities(bench: Bench, folder: Path) -> dict[str, np.ndarray]:
    """Return the codes of an image searched by both recipes, and of a mosaic, on the device of `bench`."""
    ways = {
        "image": (learning.infer_image, "paper.pt", "image.tif"),
        "image turned to the Sun": (learning.infer_image, "sun_aligned.pt", "image.tif"),
        "mosaic": (learning.infer_mosaic, "paper.pt", "mosaic.tif"),
    }
    found = {}
    for name, (infer, checkpoint, image) in ways.items():
        out = folder / f"{bench.device.type}_{str(bench.dtype).removeprefix('torch.')}_{name.split()[-1]}.tif"
        learning.infer_ours(bench, infer, folder / checkpoint, folder / image, out)
        found[name] = learning.read_raster(out)[0]
    return found


def losses(bench: Bench, folder: Path) -> np.ndarray:
    """Return the losses of some steps of training on the device of `bench`."""
    network, _ = load_checkpoint(folder / "paper.pt")
    network = network.to(bench.device, memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)
    through = learning.EpochRunner(bench.device, learning.Loss(), 0.5, bench.dtype)
    schedule = torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
    scaler = torch.amp.GradScaler(bench.device.type, enabled=bench.dtype == torch.float16)
    found = []

    def tell(loss):
        found.append(loss)
        if len(found) == STEPS:
            raise learning.Enough

    # Without dropout, which draws other numbers on each device; and the loss is read after each step.
    network.apply(lambda layer: setattr(layer, "p", 0.0) if isinstance(layer, torch.nn.Dropout) else None)
    with mock.patch("imfmap.learning.epochs.LOOK_S", -1.0), learning.suppress(learning.Enough):
        through.train(network, learning.loader(bench), optimiser, schedule, scaler, tell)
    return np.array(found)


def compare(bench: Bench, tiles: int, folder: Path) -> Iterator[tuple[str, float, float | None]]:
    """Yield what was compared, the largest difference from the CPU, and its limit (None: there is none)."""
    torch.manual_seed(0)
    network = learning.build_model(bench.settings())
    for recipe in ("paper", "sun_aligned"):
        learning.save_checkpoint(folder / f"{recipe}.pt", network, bench.settings() | {"recipe": recipe})
    learning.write_image(bench, folder / "image.tif", tiles)
    learning.write_mosaic(folder / "image.tif", folder / "mosaic.tif")
    on_cpu = replace(bench, device=torch.device("cpu"), dtype=torch.float32)
    expected, expected_losses = probabilities(on_cpu, folder), losses(on_cpu, folder)
    for dtype in dict.fromkeys((torch.float32, bench.dtype)):
        one = replace(bench, dtype=dtype)
        name, strict = str(dtype).removeprefix("torch."), dtype == torch.float32
        for way, codes in probabilities(one, folder).items():
            apart = np.abs(codes.astype(int) - expected[way]).max()
            yield f"{way}, {name}, codes of 1/250", float(apart), MOST_CODES if strict else None
        apart = np.abs(losses(one, folder) / expected_losses - 1).max()
        yield f"loss of {STEPS} steps, {name}, relative", float(apart), MOST_LOSS if strict else None


def report(rows: list[tuple[str, float, float | None]]) -> tuple[str, bool]:
    """Return the table in Markdown, and whether all differences are within their limits."""
    lines = ["| compared with the CPU | largest difference | limit |", "| --- | --- | --- |"]
    lines += [f"| {name} | {apart:.3g} | {'-' if limit is None else f'{limit:g}'} |" for name, apart, limit in rows]
    # In this form, NaN is beyond the limit, too.
    return "\n".join(lines), all(limit is None or apart <= limit for _, apart, limit in rows)


def main() -> None:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description="Whether a GPU gives the CPU's results.")
    parser.add_argument("--architecture", default="deeplabv3_resnet50")
    parser.add_argument("--size-px", type=int, default=256)
    parser.add_argument("--tiles", type=int, default=8)
    given = parser.parse_args()
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = learning.choose_dtype("auto", device, "precision")
    bench = Bench(given.architecture, given.size_px, 4, 1.0, 0, device, dtype, False)
    with tempfile.TemporaryDirectory() as folder:
        text, agrees = report(list(compare(bench, given.tiles, Path(folder))))
    print(f"{learning.device_name(device)}, torch {torch.__version__}\n\n{text}")
    sys.exit(0 if agrees else 1)


if __name__ == "__main__":
    main()
