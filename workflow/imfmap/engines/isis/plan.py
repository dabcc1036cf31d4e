"""Every command that a configuration leads to, held to ISIS's interface before anything runs."""

import os
from pathlib import Path

from ...core.errors import InputError
from ...maps.target_grid import target_grid
from . import commands
from .boxes import LonLatBox
from .paths import is_harmless
from .shape_files import check_shape_file

# Stand for what is known only when the images are there.
_PRODUCT, _IMAGE_RESOLUTION_M = "M1000000000LE", 0.5
_FILES = {
    "custom darks": ("dark_file", lambda processing: processing["dark"] and processing["darks"] == "custom"),
    "photometry": ("photometry", lambda processing: processing["photometry"] is not None),
    "shape: user": ("isis.shape_model", lambda processing: processing["isis"]["shape"] == "user"),
}


def local(path):
    """A path of the config, with ~ and environment variables put in."""
    return os.path.expandvars(os.path.expanduser(path))


def processing_of(config):
    """The config's ``processing`` as the commands take it: its paths with ~ and environment variables put in."""
    processing = {**config["processing"], "isis": dict(config["processing"]["isis"])}
    paths = ((processing, ("dark_file", "photometry")), (processing["isis"], ("shape_model", "root", "data")))
    for group, keys in paths:
        group.update({key: local(group[key]) for key in keys if group[key] is not None})
    return processing


def commands_of(config):
    """Commands of a run, one of each kind for each target; names of images stand for those to come.

    Parameters
    ----------
    config : dict
        Complete, as `run.config.complete.complete` gives it.

    Yields
    ------
    commands.Command
    """
    processing = processing_of(config)
    isis, mosaic = processing["isis"], processing["mosaic"]
    for name, target in config["targets"].items():
        if "mosaic" in target:
            continue
        box = LonLatBox.of_grid(target_grid(target), target)
        folder = Path("results") / config["run"]["name"] / name / "isis"
        raw, out = folder / f"{_PRODUCT}.raw.cub", folder / f"{_PRODUCT}.out.cub"
        for path in map(local, (*target.get("edrs", []), *target.get("cubes", []))):
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


def check_config(config):
    """Stop on a configuration that ISIS could not be run with.

    Parameters
    ----------
    config : dict
        Complete, as `run.config.complete.complete` gives it.

    Raises
    ------
    InputError
        For a file that is not named or not there, a folder that is none, or a command that ISIS would refuse.
    """
    processing = processing_of(config)
    for what, (key, asked) in _FILES.items():
        group = processing["isis"] if key.startswith("isis.") else processing
        path = group[key.split(".")[-1]]
        if asked(processing) and path is None:
            raise InputError(f"processing.{key}", f"is not set, {what} asks for it", "name the file")
        if asked(processing) and not Path(path).is_file():
            raise InputError(f"processing.{key}", f"there is no file {path}", "check the path")
    for key in ("root", "data"):
        path = processing["isis"][key]
        if path is not None and not Path(path).is_dir():
            raise InputError(f"processing.isis.{key}", f"there is no folder {path}", "check the path")
    if processing["isis"]["shape"] == "user":
        check_shape_model(processing["isis"]["shape_model"])
    for command in commands_of(config):
        # The files get harmless names when the command runs.
        command.with_paths(_any_name, _any_name).check()


def check_shape_model(path):
    """Stop on a shape model that spiceinit could not take, or that its cubes could not name.

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
