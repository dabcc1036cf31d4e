"""All label files of a run, checked at once."""

import logging
import sys
from pathlib import Path

import pandas

from ..core.errors import InputError
from ..core.files import replacing
from ..maps.target_grid import target_grid
from .reading import LAYERS, check_labels, read_labels, unread_layers
from .width_classes import WIDTH_CLASSES

logger = logging.getLogger(__name__)


def check_files(drawn, csv_path):
    """Check label files; every problem goes to the log and to standard error, a line each, and so do files not drawn.

    Parameters
    ----------
    drawn : mapping
        By target's name: `file`; `place` (see `target_grid.target_grid`); and `learnt`, whether the target trains,
        validates or tests: without a label it would teach that there are no fractures, wherever it is seen.
    csv_path : path
        Table to write where all is well: target, file, number of lines of each width class and of polygons; empty for
        files that are still to be drawn.

    Returns
    -------
    pandas.DataFrame
        The table.

    Raises
    ------
    InputError
        Where there is any problem.
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
            _tell(logging.WARNING, f"{path}: {layers} not read; labels are in layers {' and '.join(LAYERS)}")
        for problem in problems:
            _tell(logging.ERROR, problem)
        count += len(problems)
        if not problems:
            classes = read_labels(path).width_class
            counts = {name: int((classes == name).sum()) for name in WIDTH_CLASSES}
            rows.append(row | counts | {"polygons": int(classes.isna().sum())})
    if missing:
        files = "file" if len(missing) == 1 else "files"
        _tell(logging.WARNING, f"{len(missing)} label {files} still to be drawn: {', '.join(missing)}")
    if count:
        raise InputError("labels", f"{count} problem(s), named above and in the log", "mend them in QGIS, check again")
    table = pandas.DataFrame(rows, columns=["target", "file", *WIDTH_CLASSES, "polygons"])
    numbers = [*WIDTH_CLASSES, "polygons"]
    table[numbers] = table[numbers].astype("Int64")
    with replacing(csv_path) as temporary:
        table.to_csv(temporary, index=False)
    return table


def _problems(path, settings):
    """Lines that say what is wrong with one file."""
    try:
        problems = [f"{path}: {problem}" for problem in check_labels(path, target_grid(settings["place"]))]
        if not problems and settings["learnt"] and not len(read_labels(path)):
            problems = [f"{path}: has no label, and would teach that there are no fractures (draw them)"]
    except InputError as error:
        # No label file at all: the others are checked all the same.
        problems = [str(error)]
    return problems


def _tell(level, line):
    """Say a line in the log and on standard error."""
    logger.log(level, "%s", line)
    print(f"imfmap: {line}", file=sys.stderr)
