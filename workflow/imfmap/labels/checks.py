"""Check of all label files of a run."""

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas

from ..core.errors import InputError
from ..core.files import replacing
from ..maps.target_grid import target_grid
from .labelled_area import LAYER, LabelledArea
from .reading import LAYERS, check_labels, read_labels, unread_layers
from .width_classes import WIDTH_CLASSES

logger = logging.getLogger(__name__)


def check_files(drawn: Mapping[str, Mapping[str, Any]], csv_path: str | Path) -> pandas.DataFrame:
    """Check label files.

    Each problem gets a line in the log and on standard error, and so do the files that are still to be drawn.

    Parameters
    ----------
    drawn : mapping
        By name of the target: `file`; `place` (see `target_grid.target_grid`); and `learnt`, whether the target
        trains, validates or tests. Such a target needs a label: without one it would teach that there are no fractures.
    csv_path : path
        Table to write if there is no problem: target, file, numbers of lines of each width class and of polygons. The
        numbers are empty for files that are still to be drawn.

    Returns
    -------
    pandas.DataFrame
        The table.

    Raises
    ------
    InputError
        If there is a problem.
    """
    rows, missing, count = [], [], 0
    for target, settings in drawn.items():
        path = Path(settings["file"])
        row = {"target": target, "file": str(path)}
        if not path.exists():
            missing.append(str(path))
            rows.append(row)
            continue
        problems = _problems(path, settings)
        if not problems and (unread := unread_layers(path)):
            layers = f"layer {unread[0]} is" if len(unread) == 1 else f"layers {', '.join(unread)} are"
            _report(logging.WARNING, f"{path}: {layers} not read; labels are in layers {' and '.join(LAYERS)}")
        for problem in problems:
            _report(logging.ERROR, problem)
        count += len(problems)
        if not problems:
            classes = read_labels(path).width_class
            counts = {name: int((classes == name).sum()) for name in WIDTH_CLASSES}
            rows.append(row | counts | {"polygons": int(classes.isna().sum())})
    if missing:
        files = "file" if len(missing) == 1 else "files"
        _report(logging.WARNING, f"{len(missing)} label {files} still to be drawn: {', '.join(missing)}")
    if count:
        raise InputError(
            "labels", f"{count} problem(s), named above and in the log", "correct them in QGIS, check again"
        )
    table = pandas.DataFrame(rows, columns=["target", "file", *WIDTH_CLASSES, "polygons"])
    numbers = [*WIDTH_CLASSES, "polygons"]
    table[numbers] = table[numbers].astype("Int64")
    with replacing(csv_path) as temporary:
        table.to_csv(temporary, index=False)
    return table


def _problems(path, settings):
    """Return the problems of one file, a line each."""
    try:
        grid = target_grid(settings["place"])
        problems = [f"{path}: {problem}" for problem in check_labels(path, grid)]
        area = LabelledArea(path, grid.crs)
        if not problems:
            labels = read_labels(path, grid.crs)
            problems = [
                f"{path}: layer {layer}, feature {fid}: lies outside the layer {LAYER}, where nothing counts "
                "(enlarge that area, or delete the label)"
                for layer, fid in labels.loc[~area.touches(labels.geometry.values), ["layer", "fid"]].values
            ]
        if not problems and settings["learnt"] and not len(read_labels(path)):
            problems = [f"{path}: has no label, and would teach that there are no fractures (draw them)"]
    except InputError as error:
        # This is no label file. The other files are checked all the same.
        problems = [str(error)]
    return problems


def _report(level, line):
    """Write a line to the log and to standard error."""
    logger.log(level, "%s", line)
    print(f"imfmap: {line}", file=sys.stderr)
