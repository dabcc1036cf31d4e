"""What one image more costs: `python benchmarks/increment.py`, or `make bench-increment`.

Strips as NAC images are, side by side and overlapping on one map, each with its own Sun, go through the steps after
projection: inference, fusion, mosaic and polygons (recipe imfmap), and mosaic and inference on it (recipe paper). Then
one strip more. CPU seconds of both, and whether the result is that of a run from scratch. Projection is left out: an
image's is its own. The networks, the demo's and the paper's, have random weights: what they find does not matter, what
they cost does. Prints Markdown.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from imfmap import fusion  # noqa: E402
from imfmap import mosaic as mosaic_module  # noqa: E402
from imfmap.bodies import body  # noqa: E402
from imfmap.checksums import sha256  # noqa: E402
from imfmap.fusion import fuse  # noqa: E402
from imfmap.grids import MapGrid  # noqa: E402
from imfmap.inference import infer_image, infer_mosaic  # noqa: E402
from imfmap.models import build_model, save_checkpoint  # noqa: E402
from imfmap.morphometry import measure  # noqa: E402
from imfmap.mosaic import mosaic  # noqa: E402
from imfmap.products import ImageFacts  # noqa: E402
from imfmap.rasters import write_raster  # noqa: E402
from imfmap.vectorise import vectorise  # noqa: E402

RESOLUTION_M = 1.5
TILE_PX = 128
# As the demo's, and as the paper's.
INFERENCE = {
    "imfmap": {"overlap": 0.25, "batch_size": 8, "flips": True, "device": "cpu"},
    "paper": {"overlap": 0.0, "batch_size": 8, "flips": False, "device": "cpu"},
}
MODELS = {
    "imfmap": {
        "architecture": "unet",
        "encoder": "tu-tf_mobilenetv3_small_minimal_100",
        "decoder_channels": [64, 48, 32, 24, 16],
    },
    "paper": {"architecture": "deeplabv3_resnet50"},
}
# A real strip is several of these wide (512); here they are smaller, as the map is.
BLOCK_PX = 128
# Of random weights so many of a hundred pixels become polygons.
FOUND_PERCENT = 0.2


class Bench:
    """A target in a folder, and the CPU seconds of its steps."""

    def __init__(self, folder, images, size_px, width_px):
        self.folder, self.images, self.size_px, self.width_px = Path(folder), images, size_px, width_px
        metres = size_px * RESOLUTION_M
        self.grid = MapGrid.covering(body("moon").projected("equirectangular", 10.0, 20.0), (0, 0, metres, metres), 1.5)
        rng = np.random.default_rng(7)
        self.ground = gaussian_filter(rng.standard_normal((size_px, size_px)), 3).astype(np.float32)

    def image(self, number):
        """Path of the projected image of a strip, made where it is not there."""
        product = f"M{100000000 + number}L"
        path = self.folder / "projected" / f"{product}.tif"
        if not path.exists():
            left = round(number % self.images * (self.size_px - self.width_px) / max(self.images - 1, 1))
            # The one more lies on a gap's place anywhere among them.
            left = left if number < self.images else round(0.37 * (self.size_px - self.width_px))
            rng = np.random.default_rng(number)
            strip = self.ground[:, left : left + self.width_px]
            strip = 0.08 + 0.02 * strip / self.ground.std() + 0.002 * rng.standard_normal(strip.shape, np.float32)
            facts = ImageFacts(product, "2010-01-01T00:00:00", 90.0 + number, 50.0, 1.0, 60.0, 1.0, "native")
            grid = self.grid.window(0, left, self.size_px, self.width_px)
            write_raster(path, strip.astype(np.float32), grid, nodata=np.nan, tags=facts.tags())
        return path

    def checkpoint(self, recipe):
        """Path of a network of random weights."""
        path = self.folder / f"{recipe}.pt"
        if not path.exists():
            torch.manual_seed(3)
            settings = {**MODELS[recipe], "recipe": recipe, "tile_size_px": TILE_PX}
            save_checkpoint(path, build_model(settings), settings)
        return path

    def run(self, count, out, seconds, probabilities=None):
        """Make the products of the first so many images; adds CPU seconds to ``seconds`` by step. Their paths.

        Images whose probability lies in the folder `probabilities` (by default that of `out`) are not searched.
        """
        images = [self.image(number) for number in range(count)]
        out.mkdir(exist_ok=True)
        probabilities = [(probabilities or out / "probability") / image.name for image in images]
        for image, found in zip(images, probabilities, strict=True):
            if not found.exists():
                self._infer(seconds, "inference of images", infer_image, "imfmap", image, found)
        fused, polygons = out / "probability.tif", out / "polygons.wkb"
        picture, sources, paper = out / "mosaic.tif", out / "mosaic_sources.tif", out / "paper.tif"
        self._timed(seconds, "fusion", fuse, probabilities, images, fused, self.grid)
        self._timed(seconds, "polygons", self._polygons, fused, polygons)
        self._timed(seconds, "mosaic", mosaic, images, self.grid, picture, sources)
        self._infer(seconds, "inference on the mosaic", infer_mosaic, "paper", picture, paper)
        return [fused, polygons, picture, sources, paper]

    def _infer(self, seconds, step, function, recipe, source, out):
        self._timed(seconds, step, function, self.checkpoint(recipe), source, out, INFERENCE[recipe], 1)

    @staticmethod
    def _polygons(fused, out):
        with open(out, "wb") as file:
            found, _ = measure(vectorise(fused, threshold(fused)), fused, out)
            file.write(b"".join(found.geometry.to_wkb()) + found.drop(columns="geometry").to_csv().encode())

    @staticmethod
    def _timed(seconds, step, function, *arguments):
        start = time.process_time()
        function(*arguments)
        seconds[step] = seconds.get(step, 0.0) + time.process_time() - start


def threshold(path):
    """Probability that `FOUND_PERCENT` of a map reach: of the first map that is asked for."""
    if "value" not in _THRESHOLD:
        from imfmap.rasters import read_raster

        codes = read_raster(path)[0]
        _THRESHOLD["value"] = float(np.percentile(codes[codes != 255], 100 - FOUND_PERCENT)) / 250
    return _THRESHOLD["value"]


_THRESHOLD = {}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=56)
    parser.add_argument("--size-px", type=int, default=1536)
    parser.add_argument("--width-px", type=int, default=150, help="of a strip")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    fusion.BLOCK_PX = mosaic_module._WINDOW_PX = BLOCK_PX
    with tempfile.TemporaryDirectory(prefix="increment.") as folder:
        bench = Bench(folder, chosen.images, chosen.size_px, chosen.width_px)
        whole, one, scratch = {}, {}, {}
        run = Path(folder) / "run"
        bench.run(chosen.images, run, whole)
        products = bench.run(chosen.images + 1, run, one)
        again = bench.run(chosen.images + 1, Path(folder) / "scratch", scratch, run / "probability")
        same = [sha256(path) for path in products] == [sha256(path) for path in again]
    recipes = {
        "imfmap": ["inference of images", "fusion", "polygons", "mosaic"],
        "paper": ["mosaic", "inference on the mosaic"],
    }
    print(f"| step | {chosen.images} images, CPU s | one more, CPU s | share |\n|---|---|---|---|")
    rows = [(step, [step]) for step in whole] + [(f"**recipe {recipe}**", steps) for recipe, steps in recipes.items()]
    for title, steps in rows:
        total, more = (sum(part[step] for step in steps) for part in (whole, one))
        print(f"| {title} | {total:.1f} | {more:.2f} | 1/{total / more:.0f} |")
    print(f"\nThe same as a run from scratch: {'yes' if same else 'NO'}.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
