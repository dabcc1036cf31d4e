"""Targets whose pixels come from a finished mosaic: their settings, and what they are called."""

import re
from pathlib import Path

from ..core.errors import InputError


def check_mosaic(config, name, where):
    """Refuse a finished mosaic that a configuration cannot use, since recipe sun_aligned must know its one Sun.

    Parameters
    ----------
    config : dict
    name : str
        Of the target.
    where : str or Path
        Named in messages.

    Raises
    ------
    InputError
    """
    target, recipe = config["targets"][name], config["recipe"]
    sun = [key for key in ("sun_azimuth_deg", "incidence_deg") if key in target]
    if "mosaic" not in target:
        if sun:
            found = f"targets.{name}.{sun[0]}: belongs to a mosaic"
            raise InputError(where, found, "leave it out: images bring their Sun with them")
        return
    if recipe == "sun_aligned":
        if len(sun) < 2:
            raise InputError(
                where,
                f"targets.{name}.mosaic: recipe sun_aligned must know the mosaic's one Sun",
                "give sun_azimuth_deg and incidence_deg, or use recipe paper where it has many",
            )
        return
    used = {"train": [key for key, model in config["models"].items() if "architecture" in model]}
    used |= dict.fromkeys(("validation", "test"), config["evaluation"]["models"])
    for key in used.get(target.get("role"), ()):
        model = config["models"][key]
        if model.get("recipe", recipe) == "sun_aligned" or model.get("sun_input"):
            raise InputError(
                where,
                f"targets.{name}.mosaic: model {key} must know the Sun, which the tiles of a mosaic do not tell",
                "use recipe sun_aligned for the run, or leave the mosaic to models of recipe paper without sun_input",
            )


def product_of_mosaic(path):
    """Name that a finished mosaic has among the products: its file's, in letters that file names of ours have."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", Path(path).stem)
