"""What a run needs and cannot make itself, looked for before the first job: a run begins nothing that cannot end.

A user's file that is missing would otherwise stop the run after hours of downloads, in words of Snakemake's that do not
name the key of the configuration.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ..core.choices import LABELLED_ROLES, LEAST_CALIBRATED, WAC
from ..core.errors import InputError, SetupError
from ..core.files import expanded
from ..maps.user_files import pending_edits
from . import target_choice

# A program of ISIS that every run of that engine starts.
_ISIS_PROGRAM = "lronac2isis"
# Words in the place of a path: weights that the workflow fetches.
_FETCHED_WEIGHTS = ("coco", "imagenet")
_DRAW = "draw them in QGIS (config/README.md, Labels)"


def check(
    config: dict,
    asked: Iterable[str],
    where: str,
    local_path: Callable[[str], str],
    *,
    uses_conda: bool,
    dry_run: bool,
) -> list[str]:
    """Look for all that a run needs and cannot make itself.

    Parameters
    ----------
    config, asked, where, local_path
        See `check_files`.
    uses_conda : bool
        See `check_isis`.
    dry_run : bool
        A dry run shows its plan although labels or ISIS are missing.

    Returns
    -------
    list of str
        Lines to tell: edits that are not in their file yet; for a dry run, label files that are still to be drawn.

    Raises
    ------
    InputError
        The line says what is missing, and what to do.
    """
    asked = list(asked)
    check_calibration(config, asked, where)
    check_files(config, asked, where, local_path)
    line = missing_labels(config, asked, local_path)
    if line is not None and not dry_run:
        raise InputError(where, *line.split("; ", 1))
    if not dry_run:
        check_isis(config, uses_conda)
    return [*([line] if line else []), *unsaved_edits(config, asked, local_path)]


def needed_targets(config: dict, asked: Iterable[str]) -> tuple[list[str], list[str]]:
    """Targets that a command line needs images of, and those of them that it needs labels of.

    Parameters
    ----------
    config : dict
        Complete.
    asked : iterable of str
        Targets of the command line: names of rules, or files. Nothing stands for the rule all.

    Returns
    -------
    tuple of list of str
        Names in the order of the configuration.
    """
    asked = list(asked) or ["all"]
    targets = config["targets"]
    imaged, words = _mapped(config, asked), _words(asked)
    if _questions(config, asked):
        imaged |= set(target_choice.scored(config))
    learnt = set()
    if words & {"all", "evaluation"} and config["evaluation"]["models"]:
        learnt |= set(target_choice.with_role(config, *LABELLED_ROLES))
    if _calibrates(asked):
        learnt |= set(target_choice.with_role(config, "validation"))
    if "models" in words or any("architecture" in config["models"][name] for name in _used_models(config, asked)):
        learnt |= set(target_choice.with_role(config, "train"))
    learnt |= {name for name in words & set(targets) if words & {"labels.tif", "tiles"}}
    both = {target_choice.origin(config, name) for name in imaged | learnt}
    labelled = {target_choice.origin(config, name) for name in learnt}
    return [name for name in targets if name in both], [name for name in targets if name in labelled]


def check_calibration(config: dict, asked: Iterable[str], where: str) -> None:
    """Refuse to calibrate a model on too few places, or none.

    Parameters
    ----------
    config, asked, where
        See `check_files`.

    Raises
    ------
    InputError
    """
    if not _calibrates(asked):
        return
    places = target_choice.with_role(config, "validation")
    if len(places) < LEAST_CALIBRATED:
        found = f"targets: {len(places)} target{'s' if len(places) != 1 else ''} of role validation to calibrate on"
        raise InputError(where, found, f"give {LEAST_CALIBRATED} or more, or use config/calibration.yaml")
    if "model" not in config["inference"]:
        raise InputError(where, "models: is empty, so there is no model to calibrate", "name a model")


def check_files(config: dict, asked: Iterable[str], where: str, local_path: Callable[[str], str]) -> None:
    """Refuse a run whose configuration names files that are not there.

    Parameters
    ----------
    config, asked
        See `needed_targets`.
    where : str
        Files of the configuration, named in the message.
    local_path : callable
        Gives the path of a file that the configuration names.

    Raises
    ------
    InputError
        The line names the key of the first file that is missing, and how many others are.
    """
    imaged, _ = needed_targets(config, asked)
    of_images = [*_files_of_targets(config, imaged), *_files_of_processing(config)]
    named = [*of_images, *_files_of_models(config, asked)]
    missing = [(key, path) for key, path in named if not os.path.exists(local_path(path))]
    if missing:
        key, path = missing[0]
        others = f" ({len(missing) - 1} more of the configuration's files are missing)" if len(missing) > 1 else ""
        variable = re.search(r"\$\{?(\w+)", path)
        remedy = f"set the variable {variable[1]} to the folder that holds it" if variable else "check the path"
        raise InputError(where, f"{key}: there is no file {local_path(path)}{others}", remedy)


def named_files(config: dict, asked: Iterable[str], local_path: Callable[[str], str]) -> list[str]:
    """Paths of the files that the configuration names for what a command line asks for, whether they exist or not.

    Parameters
    ----------
    config, asked, local_path
        See `check_files`.
    """
    asked = list(asked)
    imaged, labelled = needed_targets(config, asked)
    named = [*_files_of_targets(config, imaged), *_files_of_processing(config), *_files_of_models(config, asked)]
    paths = [local_path(path) for _, path in named]
    paths += [str(Path(path).with_suffix(".json")) for path in paths if path.upper().endswith(".IMG")]
    return paths + [local_path(config["targets"][name].get("labels", "")) for name in labelled]


def missing_labels(config: dict, asked: Iterable[str], local_path: Callable[[str], str]) -> str | None:
    """Say which label files a command line needs and nobody has drawn yet.

    Parameters
    ----------
    config, asked, local_path
        See `check_files`.

    Returns
    -------
    str or None
        One line: the files, and what can be made without them. None if all are there.
    """
    _, labelled = needed_targets(config, asked)
    targets = config["targets"]
    drawn = {name: local_path(targets[name]["labels"]) for name in labelled if "labels" in targets[name]}
    missing = list(dict.fromkeys(path for path in drawn.values() if not os.path.exists(path)))
    if not missing:
        return None
    shown = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
    free = [name for name in target_choice.with_role(config, "map") if not _is_trained(config, name)]
    instead = f", or ask for maps that need none: snakemake {' '.join(free[:3])}" if free else ""
    files = "label file is" if len(missing) == 1 else "label files are"
    return f"{len(missing)} {files} still to be drawn: {shown}; {_DRAW}{instead}"


def unsaved_edits(config: dict, asked: Iterable[str], local_path: Callable[[str], str]) -> list[str]:
    """Say which of the user's GeoPackages have edits beside them that are not in the file yet.

    Parameters
    ----------
    config, asked, local_path
        See `check_files`.

    Returns
    -------
    list of str
        A line for each file. The edits count: they are read, and the files stay as they are.
    """
    imaged, labelled = needed_targets(config, asked)
    targets = config["targets"]
    named = [targets[name]["labels"] for name in labelled if "labels" in targets[name]]
    named += [targets[name]["boundary"] for name in imaged if "boundary" in targets[name]]
    paths = dict.fromkeys(map(local_path, named))
    return [
        f"{log}: holds edits that are not in {Path(path).name} yet; they count; close it in QGIS to save them there"
        for path in paths
        if (log := pending_edits(path)) is not None
    ]


def check_isis(config: dict, uses_conda: bool) -> None:
    """Refuse a run with the ISIS engine where ISIS cannot be found.

    Parameters
    ----------
    config : dict
        Complete.
    uses_conda : bool
        Whether Snakemake runs the jobs in conda environments: then it installs ISIS itself.

    Raises
    ------
    SetupError
    """
    if config["processing"]["engine"] != "isis" or uses_conda:
        return
    root = config["processing"]["isis"]["root"]
    folders = [os.path.join(expanded(root), "bin")] if root else []
    path = os.pathsep.join([*folders, os.environ.get("PATH", "")])
    if shutil.which(_ISIS_PROGRAM, path=path) is None:
        raise SetupError(
            "processing.engine: isis",
            f"there is no program {_ISIS_PROGRAM} on the PATH",
            "add --software-deployment-method conda, activate the environment of ISIS, set processing.isis.root, or "
            "use processing.engine: native",
        )


def _calibrates(asked: Iterable[str]) -> bool:
    """Whether the calibration of a model is asked for, by its rule or its file."""
    return any(name == "calibration" or Path(name).name == "calibrated.pt" for name in asked)


def _words(asked: Iterable[str]) -> set[str]:
    """Names that were asked for, and the parts of paths that were."""
    return {part for name in asked for part in Path(name).parts} | set(asked)


def _mapped(config: dict, asked: list[str]) -> set[str]:
    """Targets that are mapped, or of which a file is asked for."""
    coarse = [*target_choice.with_role(config, "map"), *target_choice.with_source(config, "coarse_of")]
    mapped = {*target_choice.mapped(config, asked), *(coarse if "coarse" in asked else ())}
    return mapped | _words(asked) & set(config["targets"])


def _questions(config: dict, asked: Iterable[str]) -> set[str]:
    """Questions of the comparison that are asked for, by their rules or their files."""
    answers = {name: f"/comparison/{name}/" for name in config["comparison"]["questions"]}
    return {
        name
        for name, folder in answers.items()
        if {"comparison", f"comparison_{name}"} & set(asked) or any(folder in path for path in asked)
    }


def _used_models(config: dict, asked: Iterable[str]) -> set[str]:
    """Models that map, are evaluated, compared or calibrated, or of which a file is asked for."""
    asked, models = list(asked) or ["all"], config["models"]
    words = _words(asked)
    used = {config["targets"][name].get("model", config["inference"].get("model")) for name in _mapped(config, asked)}
    if _calibrates(asked):
        used.add(config["inference"].get("model"))
    if {"all", "evaluation"} & words:
        used |= set(config["evaluation"]["models"])
    for question in _questions(config, asked):
        used |= set(config["comparison"]["questions"][question]["models"])
    if "models" in words:
        used |= words
    # net-s3 is net, trained with seed 3.
    return {plain for name in used if name for plain in (name, re.sub("-s[0-9]+$", "", name)) if plain in models}


def _is_trained(config: dict, target: str) -> bool:
    """Whether the model that maps a target is one that this run trains."""
    name = config["targets"][target].get("model", config["inference"].get("model"))
    return "architecture" in config["models"].get(name, {})


def _files_of_targets(config: dict, names: list[str]) -> Iterator[tuple[str, str]]:
    """Keys and paths of the files of some targets."""
    for name in names:
        target = config["targets"][name]
        for key in ("edrs", "cubes", "projected"):
            yield from ((f"targets.{name}.{key}", path) for path in target.get(key, []))
        for key in ("image_table", "mosaic", "boundary", "base_map"):
            if key in target and (key, target[key]) != ("base_map", WAC):
                yield f"targets.{name}.{key}", target[key]
        if isinstance(target.get("products"), str):
            yield f"targets.{name}.products", target["products"]
        polygon = target.get("search", {}).get("polygon", "POLYGON")
        if not polygon.upper().startswith(("POLYGON", "MULTIPOLYGON")):
            yield f"targets.{name}.search.polygon", polygon


def _files_of_models(config: dict, asked: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Keys and paths of the files of the models that are used."""
    used = _used_models(config, asked)
    for name, model in config["models"].items():
        if name not in used:
            continue
        for key in ("checkpoint", "weights", "encoder_weights"):
            if model.get(key) and model[key] not in _FETCHED_WEIGHTS:
                yield f"models.{name}.{key}", model[key]


def _files_of_processing(config: dict) -> Iterator[tuple[str, str]]:
    """Keys and paths of the files that every image is processed with."""
    processing = config["processing"]
    for key in ("dark_file", "photometry", "shape_model", "calibration_dir"):
        if processing[key]:
            yield f"processing.{key}", processing[key]
