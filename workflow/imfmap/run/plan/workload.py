"""How much there is to do in a step: the pixels that it works on, its network, and its files on the disk."""

from pathlib import Path

from ...maps.target_grid import extent_km, target_grid
from ..model_choice import model_settings
from ..rule_facts import IMAGE, MAP, facts_of
from ..target_choice import images_named, to_learn
from .job_costs import JobCostEstimator
from .reference_costs import (
    EDR_BYTES,
    KERNEL_BYTES,
    LARGE_NETWORK,
    MOST_KERNEL_BYTES,
    REFERENCE,
    SMALL_NETWORK,
    WAC_BYTES,
    WEIGHTS_BYTES,
    network_work,
    strip_megapixels,
)

_FETCHED_BYTES = {
    "download": EDR_BYTES,
    "fetch_isisdata": KERNEL_BYTES,
    "fetch_weights": WEIGHTS_BYTES,
    "fetch_checkpoint": WEIGHTS_BYTES,
    "fetch_base_map": WAC_BYTES,
}


class Workload:
    """What the steps of one target have to do.

    Parameters
    ----------
    config : dict
        The completed configuration.
    name : str or None
        Name of the target. None: the steps for several targets.
    images : int
        Number of its images; for a search that was not made, the most that it may choose.
    costs : JobCostEstimator
    folder : Path
        Folder of the run.
    """

    def __init__(self, config: dict, name: str | None, images: int, costs: JobCostEstimator, folder: Path):
        self._config, self._name, self._images, self._costs, self._folder = config, name, images, costs, folder
        self.map_megapixels = None
        if name is not None:
            rows, columns = target_grid(config["targets"][name]).shape
            self.map_megapixels = rows * columns / 1e6

    def estimate(self, step: dict, on_gpu: bool) -> dict | None:
        """Return the estimated cost of a step; as `JobCostEstimator.estimate`."""
        work = self._network(step) if facts_of(step["rule"]).network else SMALL_NETWORK
        return self._costs.estimate(step["rule"], self._megapixels(step), on_gpu, work)

    def disk(self, step: dict, count: int, exact_bytes: int | None) -> dict:
        """Return the bytes that jobs of a step fetch, keep, and need while they run.

        Parameters
        ----------
        step : dict
        count : int
            Number of images that the step stands for.
        exact_bytes : int or None
            What a download fetches, where the archive has said it.
        """
        cost = REFERENCE.get(step["rule"])
        if cost is None:
            return dict.fromkeys(("fetched_bytes", "kept_bytes", "temporary_bytes"), 0)
        kept = exact_bytes or cost.kept_bytes + cost.kept_growth_bytes * (self._megapixels(step) or 0)
        fetched = exact_bytes or _FETCHED_BYTES.get(step["rule"], 0)
        bytes_of = {"fetched_bytes": count * fetched, "kept_bytes": count * kept}
        if step["rule"] == "fetch_isisdata":
            # The images share their kernels: all that there are is the most.
            share = min(count * KERNEL_BYTES, MOST_KERNEL_BYTES * count / max(self._images, count))
            bytes_of = dict.fromkeys(bytes_of, share)
        return {**{key: int(value) for key, value in bytes_of.items()}, "temporary_bytes": int(cost.temporary_bytes)}

    def _megapixels(self, step):
        """Return the megapixels that a step works on, or None: not known, or its work does not depend on them."""
        rule, product = step["rule"], step["wildcards"].get("product")
        facts = facts_of(rule)
        if rule in ("train", "evaluate"):
            return self._learning_megapixels(step)
        if self._name is None:
            return None
        strip = self._strip(self._name)
        if facts.pixels == MAP:
            # A network searches only windows that hold data.
            return min(self.map_megapixels, self._images * strip) if facts.network else self.map_megapixels
        if facts.pixels == IMAGE or facts.network:
            measured = self._costs.megapixels(self._folder / self._name / "projected" / f"{product}.tif")
            return measured or strip
        return None

    def _strip(self, name):
        target = self._config["targets"][name]
        return strip_megapixels(extent_km(target), target["resolution_m"])

    def _learning_megapixels(self, step):
        """Return the pixels of tiles in one epoch of a training times its epochs, in those of an inference."""
        config, model = self._config, step["wildcards"]["model"]
        settings = model_settings(config, model)
        roles = ("train",) if step["rule"] == "train" else ("validation", "test")
        tiles = sum(
            # A table, and a mosaic, count as one image.
            (images_named(config["targets"][name], config) or 1) * self._strip(name)
            for name in to_learn(config, settings.get("resolution_m"), *roles)
        )
        tiles /= (1 - config["tiles"]["overlap"]) ** 2
        return tiles * settings.get("epochs", config["training"]["epochs"]) if step["rule"] == "train" else tiles

    def _network(self, step):
        """Return the work of the network of a step: that of its model, or of the one that maps its target."""
        config = self._config
        chosen = config["targets"].get(self._name, {}).get("model", config["inference"].get("model"))
        model = step["wildcards"].get("model", chosen)
        return network_work(model_settings(config, model)) if model else LARGE_NETWORK
