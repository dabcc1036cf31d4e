"""Checks of a configuration before anything runs: all its commands against ISIS's interface, and its files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...core.errors import InputError
from ...core.files import expanded
from ...maps.target_grid import target_grid
from . import commands
from .boxes import LonLatBox
from .paths import check_folder, is_harmless
from .shape_files import check_shape_file

# In place of what is known only when the images are there.
_PRODUCT, _IMAGE_RESOLUTION_M = "M1000000000LE", 0.5
_FILES = {
    "custom darks": ("dark_file", lambda processing: processing["dark"] and processing["darks"] == "custom"),
    "photometry": ("photometry", lambda processing: processing["photometry"] is not None),
    "shape: user": ("isis.shape_model", lambda processing: processing["isis"]["shape"] == "user"),
}


def processing_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``processing`` of the config, with ~ and environment variables replaced in its paths."""
    processing = {**config["processing"], "isis": dict(config["processing"]["isis"])}
    paths = ((processing, ("dark_file", "photometry")), (processing["isis"], ("shape_model", "root", "data")))
    for group, keys in paths:
        group.update({key: expanded(group[key]) for key in keys if group[key] is not None})
    return processing


def commands_of(config: Mapping[str, Any]) -> Iterator[commands.Command]:
    """Yield one command of each kind for each target of a run.

    Images that are not known yet get a made-up product id.

    Parameters
    ----------
    config : dict
        Complete, as `complete.complete` gives it.

    Yields
    ------
    commands.Command
    """
    processing = processing_of(config)
    isis, mosaic = processing["isis"], processing["mosaic"]
    for name, target in config["targets"].items():
        if "mosaic" in target or "projected" in target:
            continue
        box = LonLatBox.of_grid(target_grid(target), target)
        folder = Path("results") / config["run"]["name"] / name / "isis"
        raw, out = folder / f"{_PRODUCT}.raw.cub", folder / f"{_PRODUCT}.out.cub"
        for path in map(expanded, (*target.get("edrs", []), *target.get("cubes", []))):
            yield commands.ingest(path, raw) if "edrs" in target else commands.calibrate(path, out, processing)
        yield commands.ingest(f"{_PRODUCT}.IMG", raw)
        yield commands.spice(raw, isis)
        yield commands.calibrate(raw, out, processing)
        if processing["echo"]:
            yield commands.echo(raw, out)
        if processing["photometry"] is not None:
            yield commands.photometry(raw, out, processing["photometry"], isis)
        yield commands.image_range(folder / "cubes.lis", folder / "range.map", target, box)
        yield commands.template(folder / "target.map", target, box)
        patch_px = isis["patch_size"]
        if patch_px == "auto":
            patch_px = commands.patch_size(_IMAGE_RESOLUTION_M, target["resolution_m"])
        yield commands.project(raw, out, folder / "target.map", processing["resampling"], patch_px, box)
        if mosaic["brightness"] != "none":
            cubes, statistics = folder / "from.lis", folder / "found.pvl"
            yield commands.find_brightness(cubes, folder / "hold.lis", statistics, mosaic["brightness"])
            yield commands.apply_brightness(cubes, folder / "to.lis", statistics)
        yield commands.mosaic(folder / "cubes.lis", folder / "mosaic.cub", mosaic["priority"])


def check_config(config: Mapping[str, Any]) -> None:
    """Stop on a configuration that ISIS could not run with.

    Parameters
    ----------
    config : dict
        Complete, as `complete.complete` gives it.

    Raises
    ------
    InputError
        For a file that is not named or not there, a folder that is not there, a file that is no shape model, or a
        command that ISIS would refuse.
    """
    processing = processing_of(config)
    for what, (key, needed) in _FILES.items():
        group = processing["isis"] if key.startswith("isis.") else processing
        path = group[key.split(".")[-1]]
        if needed(processing) and path is None:
            raise InputError(f"processing.{key}", f"is not set, {what} needs it", "name the file")
        if needed(processing) and not Path(path).is_file():
            raise InputError(f"processing.{key}", f"there is no file {path}", "check the path")
    for key in ("root", "data"):
        path = processing["isis"][key]
        if path is not None and not Path(path).is_dir():
            raise InputError(f"processing.isis.{key}", f"there is no folder {path}", "check the path")
        if path is not None:
            check_folder(Path(path).absolute(), f"processing.isis.{key}")
    if processing["isis"]["shape"] == "user":
        check_shape_model(processing["isis"]["shape_model"])
    for command in commands_of(config):
        # The files get harmless names when the command runs.
        command.with_paths(_any_name, _any_name).check()


def check_shape_model(path: str) -> None:
    """Stop on a shape model that spiceinit could not take, or whose name would be misread in its cubes.

    Raises
    ------
    InputError
    """
    key = "processing.isis.shape_model"
    if not is_harmless(path):
        raise InputError(
            key,
            f"ISIS would misread the name {path}, which spiceinit writes into the cubes",
            "name it without blank, comma and plus sign, or name a link to it",
        )
    check_shape_file(path, key)


def _any_name(path):
    return "any"
