"""Measure the cost of one image more: `python benchmarks/increment.py`, or `make bench-increment`.

The target has the scale of a real one: strips as wide as NAC images overlap on a map that is 32k pixels wide, at
1.5 m/px, with the usual blocks and windows. Only the length of the strips, which is the height of the map, is smaller.
Simulated EDRs go through the steps of both recipes: calibration and projection, inference, fusion and mosaic, inference
on the mosaic, polygons. Then one more image follows. The benchmark prints the CPU seconds of both as Markdown, and
whether the result equals that of a run from scratch. The making of the EDRs and the start of processes do not count.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import geopandas
import numpy as np
import torch
from increment_target import Target
from shapely import box

from imfmap.core.checksums import sha256
from imfmap.engines.native.pipeline import Processing, edr_to_map
from imfmap.fractures.accept import filter_fractures
from imfmap.fractures.image_support import agreeing_images
from imfmap.fractures.limits import MIN_AREA_M2
from imfmap.fractures.measures import measure
from imfmap.fractures.polygons import vectorise
from imfmap.fractures.pond_candidates import PondRule, candidate_ponds, outside_fractures
from imfmap.inference.fusion import fuse
from imfmap.inference.infer import infer_image, infer_mosaic
from imfmap.maps.rasters import read_raster
from imfmap.mosaic.build import mosaic
from imfmap.products.tables import write_fractures

# Settings of the demo, and of config/config.yaml for the paper. There, batches have 16 windows, and empty windows fill
# the last batch: on so short a map, they would be most of the cost of one more image. So batches here have one window.
INFERENCE = {
    "sun_aligned": {"overlap": 0.25, "batch_size": 8, "test_time_augmentation": ["flips"], "device": "cpu"},
    "paper": {"overlap": 0.0, "batch_size": 1, "test_time_augmentation": [], "device": "cpu"},
}
RECIPES = {
    "sun_aligned": ("calibration and projection", "inference of images", "fusion", "mosaic", "polygons"),
    "paper": ("calibration and projection", "mosaic", "inference on the mosaic", "polygons"),
}
# Share of the fused map that becomes fractures, as in the demo's map. The threshold is set for it, because strips that
# overlap show different ground.
FOUND_PERCENT = 2.0


class Bench:
    """The steps of both recipes on a target, and their CPU seconds since the last `reset`."""

    def __init__(self, target: Target, folder: Path):
        self.target, self.folder = target, folder
        self.checkpoints = {recipe: target.checkpoint(recipe) for recipe in RECIPES}
        self.threshold, self.seconds = None, {}

    def run(self, count: int, out: Path) -> list[Path]:
        """Make the products of the first `count` images in a folder, and return their paths.

        Projected images of an earlier run are used again.
        """
        numbers = sorted(range(count), key=self.target.product)
        images = [self._projected(number) for number in numbers]
        probabilities = [self._probability(image) for image in images]
        out.mkdir(exist_ok=True)
        fused, paper = out / "probability.tif", out / "paper.tif"
        picture, sources = out / "mosaic.tif", out / "mosaic_sources.tif"
        grid = self.target.grid
        self._timed("fusion", fuse, probabilities, images, fused, grid)
        self._timed("mosaic", mosaic, images, grid, picture, sources)
        self._timed("inference on the mosaic", infer_mosaic, *self._network("paper", picture, paper))
        if self.threshold is None:
            codes = read_raster(fused)[0]
            self.threshold = float(np.percentile(codes[codes != 255], 100 - FOUND_PERCENT)) / 250
        self._timed("polygons", self._polygons, fused, probabilities, images, out)
        return [fused, picture, sources, paper, out / "fractures.gpkg"]

    def _projected(self, number):
        """Return the path of an image on the map. If it is missing, make it as rule `project_edr` does."""
        out = self.folder / "projected" / f"{self.target.product(number)}.tif"
        if not out.exists():
            edr, isd = self.target.edr(number)
            settings = Processing(min_valid_fraction=0.001, threads=1)
            step = "calibration and projection"
            self._timed(step, edr_to_map, edr, isd, self.target.calibration, self.target.grid, out, settings)
            edr.unlink()
        return out

    def _probability(self, image):
        """Return the path of the probability of an image on the map. If it is missing, make it."""
        out = self.folder / "probability" / image.name
        if not out.exists():
            self._timed("inference of images", infer_image, *self._network("sun_aligned", image, out))
        return out

    def _network(self, recipe, source, out):
        return self.checkpoints[recipe], source, out, INFERENCE[recipe], 1

    def _polygons(self, fused, probabilities, images, out):
        """Do what rule `vectorise` does, for a map that is all floor."""
        polygons = vectorise(fused, self.threshold)
        fractures, lines = measure(polygons, fused, out / "fractures.gpkg")
        fractures = fractures.join(agreeing_images(fractures, self.target.grid, probabilities, images, self.threshold))
        floor = geopandas.GeoDataFrame(geometry=[box(*self.target.grid.bounds)], crs=fractures.crs)
        kept, rejected = filter_fractures(fractures, MIN_AREA_M2, floor=floor)
        ponds = candidate_ponds(outside_fractures(kept, rejected, floor), self.target.grid, PondRule(), floor)
        write_fractures(out, kept, rejected, lines, ponds)

    def _timed(self, step, function, *arguments):
        start = time.process_time()
        function(*arguments)
        self.seconds[step] = self.seconds.get(step, 0.0) + time.process_time() - start

    def reset(self) -> dict[str, float]:
        """Return the seconds so far, and start counting again."""
        seconds, self.seconds = self.seconds, {}
        return seconds


def _print_table(images, whole, one):
    print(f"| step | {images} images, CPU s | one more, CPU s | share |\n|---|---|---|---|")
    rows = [(step, [step]) for step in whole] + [(f"**recipe {recipe}**", steps) for recipe, steps in RECIPES.items()]
    for title, steps in rows:
        total, more = (sum(part[step] for step in steps) for part in (whole, one))
        print(f"| {title} | {total:.1f} | {more:.2f} | 1/{total / more:.0f} |", flush=True)


def main() -> int:
    """Run the benchmark. Return 0 if the result equals that of a run from scratch, otherwise 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=56)
    parser.add_argument("--height-px", type=int, default=512, help="of the map, and length of the strips")
    parser.add_argument("--width-px", type=int, default=32768, help="of the map")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="increment.") as name:
        folder = Path(name)
        bench = Bench(Target(folder, chosen.images, (chosen.height_px, chosen.width_px)), folder)
        bench.run(chosen.images, folder / "run")
        whole = bench.reset()
        products = bench.run(chosen.images + 1, folder / "run")
        one = bench.reset()
        _print_table(chosen.images, whole, one)
        again = bench.run(chosen.images + 1, folder / "scratch")
        same = [sha256(path) for path in products] == [sha256(path) for path in again]
    print(f"\nThe same as a run from scratch: {'yes' if same else 'NO'}.")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
