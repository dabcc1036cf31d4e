"""Estimates of the cost of jobs: benchmarks of past runs, scaled by the number of pixels if it is known."""

import csv
import math
from collections import defaultdict
from pathlib import Path
from statistics import median

from ..rule_facts import IMAGE, MAP, facts_of


class JobCostEstimator:
    """Estimator of the cost of jobs, from the benchmarks of past runs.

    Parameters
    ----------
    results : str or Path
        Folder of all runs. Each run has a folder ``benchmarks``.
    """

    def __init__(self, results: str | Path):
        self._sizes = {}
        self._jobs = defaultdict(list)
        for path in sorted(Path(results).glob("*/benchmarks/*/**/*.tsv")):
            times = _measured(path)
            if times:
                run = path.relative_to(results).parts[0]
                rule, name = path.relative_to(Path(results) / run / "benchmarks").parts[0], path.stem
                self._jobs[rule].append((*times, self._megapixels(rule, Path(results) / run, name), run))

    def estimate(self, rule: str, megapixels: float | None = None, on_gpu: bool = False) -> dict | None:
        """Estimate the cost of a job.

        Parameters
        ----------
        rule : str
        megapixels : float, optional
            Size of the map, or of the image on the map: `rule_facts` says which one counts for a rule.
        on_gpu : bool
            Whether a neural network may run on a GPU.

        Returns
        -------
        dict or None
            ``cpu_s``, ``wall_s``, ``gpu_s``, and ``basis``: the past jobs that were used. None if there are none.
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
        """Return the megapixels that a past job worked on, or None. Target and product are in the benchmark's name."""
        target, _, product = name.partition(".")
        pixels = facts_of(rule).pixels
        if pixels == MAP:
            return self.megapixels(run / target / "mosaic.tif") or self.megapixels(run / target / "probability.tif")
        if pixels == IMAGE:
            return self.megapixels(run / target / "projected" / f"{product.split('.')[-1]}.tif")
        return None

    def megapixels(self, path: str | Path) -> float | None:
        """Return the pixels of a raster in millions; None if the raster does not exist."""
        if path not in self._sizes:
            self._sizes[path] = None
            if Path(path).exists():
                import rasterio  # here: a plan of a new run does not need it

                with rasterio.open(path) as dataset:
                    self._sizes[path] = dataset.width * dataset.height / 1e6
        return self._sizes[path]


def _measured(path):
    """Return the wall and CPU seconds in a benchmark file; None if Snakemake could not measure them."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    try:
        values = [(float(row["s"]), float(row["cpu_time"])) for row in rows]
    except (KeyError, TypeError, ValueError):
        return None
    return values[-1] if values and all(map(math.isfinite, values[-1])) else None
