"""The check that a configuration asks for no more than a run can make: before the first job, not after days."""

from pathlib import Path

from ...core.errors import InputError
from ...core.limits import MOST_ASPECT, MOST_DENSITY_CELLS, MOST_IMAGES, MOST_MAP_PIXELS, MOST_MATCHED, check_limit
from ...fractures.limits import CELLS
from ...maps.target_grid import extent_km
from ..target_choice import images_named

_SMALLER = "give a smaller extent_km (or diameter_km), or a larger resolution_m"


def check_sizes(config: dict, where: str | Path) -> None:
    """Refuse targets that are larger than `core.limits` allows.

    Parameters
    ----------
    config : dict
        A complete configuration.
    where : str or Path
        Named in messages.

    Raises
    ------
    InputError
        With the number and the limit.
    """
    for name, target in config["targets"].items():
        key = f"{where}: targets.{name}"
        width_m, height_m = (1000 * side for side in extent_km(target))
        resolution_m, radius_m = target["resolution_m"], config["mapping"]["density_radius_m"]
        size = f"pixels in its map ({width_m / 1000:g} x {height_m / 1000:g} km, {resolution_m:g} m a pixel)"
        check_limit(width_m / resolution_m * (height_m / resolution_m), MOST_MAP_PIXELS, key, size, _SMALLER)
        if resolution_m > min(width_m, height_m):
            found = (
                f"its map of {width_m / 1000:g} x {height_m / 1000:g} km is smaller than a pixel of {resolution_m:g} m"
            )
            raise InputError(key, found, "give a larger extent_km (or diameter_km), or a smaller resolution_m")
        aspect = max(width_m, height_m) / min(width_m, height_m)
        check_limit(aspect, MOST_ASPECT, key, "times as long as wide (the map of the target)", "give a wider extent_km")
        cells = (CELLS * width_m / radius_m) * (CELLS * height_m / radius_m)
        remedy = "give a larger mapping.density_radius_m"
        check_limit(cells, MOST_DENSITY_CELLS, key, "cells in the density map", remedy)
        images = images_named(target, config)
        check_limit(images, MOST_IMAGES, key, "images", "divide the target")
        if config["processing"]["mosaic"]["brightness"] != "none":
            remedy = "set processing.mosaic.brightness to none, or divide the target"
            check_limit(images, MOST_MATCHED, key, "images, of which every pair is compared", remedy)
