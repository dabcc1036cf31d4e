"""Estimates of the cost of jobs: reference costs, scaled by the benchmarks of past runs on this machine."""

import csv
import math
from collections import defaultdict
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from statistics import median

from ..rule_facts import IMAGE, MAP, facts_of
from .reference_costs import LARGE_NETWORK, REFERENCE, SHIPPED_NETWORK, SMALL_NETWORK

# Past jobs of a rule whose times are read.
_MOST_PAST = 200


class JobCostEstimator:
    """Estimator of the cost of jobs, from the benchmarks of past runs.

    Parameters
    ----------
    results : str or Path
        Folder of all runs. Each run has a folder ``benchmarks``. Of each rule, 200 jobs at most are read.
    """

    def __init__(self, results: str | Path):
        self._sizes, self._pasts = {}, {}
        self._jobs, by_rule = defaultdict(list), defaultdict(list)
        for path in sorted(Path(results).glob("*/benchmarks/*/**/*.tsv")):
            run, _, rule, *_ = path.relative_to(results).parts
            by_rule[rule].append((path, run))
        for rule, found in by_rule.items():
            # Of thousands of jobs, these say as much as all. They are of all runs.
            for path, run in found[:: -(-len(found) // _MOST_PAST)]:
                if times := _measured(path):
                    size = self._megapixels(rule, Path(results) / run, path.stem)
                    self._jobs[rule].append((*times, size, run))

    def estimate(
        self, rule: str, megapixels: float | None = None, on_gpu: bool = False, work: float = 1.0
    ) -> dict | None:
        """Estimate the cost of a job.

        The reference cost is scaled by what the rule's past jobs took of it; for a rule that was never run, by the
        median of all past jobs, which stands for this machine.

        Parameters
        ----------
        rule : str
        megapixels : float, optional
            Size of the map, or of the image on the map: `rule_facts` says which one counts for a rule.
        on_gpu : bool
            Whether a neural network may run on a GPU.
        work : float
            Work at a pixel, in that of the small network (`reference_costs.network_work`); 1 without a network.

        Returns
        -------
        dict or None
            ``cpu_s``, ``wall_s``, ``gpu_s`` (of past jobs alone: the reference has no GPU), and ``basis``: what the
            estimate comes from. None if the rule was never run, and its reference cost needs a size that is not known.
        """
        known = REFERENCE.get(rule)
        reference_s = known and known.cpu_s(None if megapixels is None else megapixels * work)
        jobs = self._jobs.get(rule, ())
        runs, number, factors = self._past(rule)
        if reference_s and factors:
            wall, cpu = (reference_s * factor for factor in factors)
            basis = f"{number} jobs of {runs}: {cpu / reference_s:.2g} times the reference"
        elif reference_s is not None:
            wall = cpu = reference_s * self.machine_factor
            basis = f"{self.machine_factor:.2g} times the reference"
        elif jobs:
            wall, cpu = (median(job[place] for job in jobs) for place in (0, 1))
            basis = f"median of {len(jobs)} jobs of {runs}, by job"
        else:
            return None
        gpu = wall if on_gpu and jobs and facts_of(rule).network else 0.0
        return {"cpu_s": round(cpu, 1), "wall_s": round(wall, 1), "gpu_s": round(gpu, 1), "basis": basis}

    @cached_property
    def machine_factor(self) -> float:
        """CPU time of past jobs in their reference cost, the median over rules; 1 if none was run."""
        of_rules = [factors[1] for _, _, factors in map(self._past, self._jobs) if factors]
        return median(of_rules) if of_rules else 1.0

    def _past(self, rule):
        """Return the runs of a rule's past jobs, how many have a known size, and their median wall and CPU time.

        The times are in the jobs' reference cost; None without such jobs. A plan asks once for each of its jobs.
        """
        if rule not in self._pasts:
            runs = ", ".join(sorted({job[3] for job in self._jobs.get(rule, ())}))
            ratios = self._ratios(rule)
            medians = tuple(median(values) for values in zip(*ratios, strict=True))
            self._pasts[rule] = runs, len(ratios), medians or None
        return self._pasts[rule]

    def _ratios(self, rule):
        """Return wall and CPU time of the past jobs of a rule in their reference cost, where their size is known.

        Which network a past job had is not known: it is taken for the one that explains its time best.
        """
        known, ratios = REFERENCE.get(rule), []
        works = (SMALL_NETWORK, SHIPPED_NETWORK, LARGE_NETWORK) if facts_of(rule).network else (1.0,)
        for wall, cpu, size, _ in self._jobs.get(rule, ()):
            costs = [known.cpu_s(size and size * work) for work in works] if known else []
            if cpu and all(costs) and costs:
                reference_s = min(costs, key=lambda cost: abs(math.log(cpu / cost)))
                ratios.append((wall / reference_s, cpu / reference_s))
        return ratios

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
        """Return the pixels of a raster in millions; None if the raster is not there, or cannot be read."""
        if path not in self._sizes:
            self._sizes[path] = None
            if Path(path).exists():
                import rasterio  # here: a plan of a new run does not need it

                # A broken raster is told by the job that reads it, not by an estimate.
                with suppress(rasterio.RasterioIOError), rasterio.open(path) as dataset:
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
