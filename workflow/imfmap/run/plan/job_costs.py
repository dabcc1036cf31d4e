"""What steps will cost, by what they cost before: benchmarks of past runs, scaled by pixels where that is known."""

import csv
import math
from collections import defaultdict
from pathlib import Path
from statistics import median

from ..rule_facts import IMAGE, MAP, facts_of


class JobCostEstimator:
    """Estimates of the cost of jobs, out of the benchmarks of past runs.

    Parameters
    ----------
    results : path
        Folder of the runs; each has its ``benchmarks``.
    """

    def __init__(self, results):
        self._sizes = {}
        self._jobs = defaultdict(list)
        for path in sorted(Path(results).glob("*/benchmarks/*/**/*.tsv")):
            found = _measured(path)
            if found:
                run = path.relative_to(results).parts[0]
                rule, name = path.relative_to(Path(results) / run / "benchmarks").parts[0], path.stem
                self._jobs[rule].append((*found, self._megapixels(rule, Path(results) / run, name), run))

    def estimate(self, rule, megapixels=None, on_gpu=False):
        """What a job will cost.

        Parameters
        ----------
        rule : str
        megapixels : float, optional
            Of the map, or of the image on it, as `rule_facts` says of the rule.
        on_gpu : bool
            Whether a network may find a GPU.

        Returns
        -------
        dict or None
            ``cpu_s``, ``wall_s``, ``gpu_s``, and ``basis``, which says of what; None where nothing is known.
        """
        jobs = self._jobs.get(rule)
        if not jobs:
            return None
        runs = ", ".join(sorted({job[3] for job in jobs}))
        scaled = [(wall / size, cpu / size) for wall, cpu, size, _ in jobs if size]
        if megapixels and scaled:
            wall, cpu = (megapixels * median(values) for values in zip(*scaled, strict=True))
            basis = f"median of {len(scaled)} jobs of {runs}, by megapixel"
        else:
            wall, cpu = (median(job[place] for job in jobs) for place in (0, 1))
            basis = f"median of {len(jobs)} jobs of {runs}, by job"
        gpu = wall if on_gpu and facts_of(rule).network else 0.0
        return {"cpu_s": round(cpu, 1), "wall_s": round(wall, 1), "gpu_s": round(gpu, 1), "basis": basis}

    def _megapixels(self, rule, run, name):
        """Size of what a past job worked on, or None; its benchmark is named by target and product."""
        target, _, product = name.partition(".")
        pixels = facts_of(rule).pixels
        if pixels == MAP:
            return self.megapixels(run / target / "mosaic.tif") or self.megapixels(run / target / "probability.tif")
        if pixels == IMAGE:
            return self.megapixels(run / target / "projected" / f"{product.split('.')[-1]}.tif")
        return None

    def megapixels(self, path):
        """float: pixels of a raster in millions, or None where it is not there."""
        if path not in self._sizes:
            self._sizes[path] = None
            if Path(path).exists():
                import rasterio  # only here: a plan of a run that made nothing needs none

                with rasterio.open(path) as dataset:
                    self._sizes[path] = dataset.width * dataset.height / 1e6
        return self._sizes[path]


def _measured(path):
    """Wall and CPU seconds of a benchmark file; None where Snakemake could not measure."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    try:
        values = [(float(row["s"]), float(row["cpu_time"])) for row in rows]
    except (KeyError, TypeError, ValueError):
        return None
    return values[-1] if values and all(map(math.isfinite, values[-1])) else None
