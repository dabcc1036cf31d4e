"""Targets whose source is rasters that were projected elsewhere: their settings, and their product names."""

import re
from pathlib import Path

from ..core.errors import InputError


def check_projected(config: dict, name: str, where: str | Path) -> None:
    """Refuse settings of rasters that do not fit each other.

    Parameters
    ----------
    config : dict
        A configuration with its defaults.
    name : str
        Name of the target.
    where : str or Path
        Named in messages.

    Raises
    ------
    InputError
        If two rasters would have one product name, a path has a brace, which Snakemake would read, or a key is there
        that belongs to other sources.
    """
    target = config["targets"][name]
    key = f"targets.{name}"
    for own, sources in (("image_table", ("projected",)), ("nodata", ("projected", "mosaic"))):
        if own in target and not any(source in target for source in sources):
            found = f"{key}.{own}: is only for targets with the key {' or '.join(sources)}"
            raise InputError(where, found, "leave it out")
    seen = {}
    for path in target.get("projected", []):
        if braces := set(path) & set("{}"):
            found = f"{key}.projected: the name {path} has the character {min(braces)}"
            raise InputError(where, found, "rename the file, or name a link to it")
        other = seen.setdefault(product_of_raster(path), path)
        if other != path:
            found = f"{key}.projected: {other} and {path} would both be product {product_of_raster(path)}"
            raise InputError(where, found, "rename one of them, or name a link to it")


def product_of_raster(path: str | Path) -> str:
    """Return the product name of a raster: the stem of its file, with ``_`` for unusual characters."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", Path(path).stem)
