"""All label files of a run, checked at once."""

import logging
import sys
from pathlib import Path

import pandas

from .errors import InputError
from .labels import check_labels, read_labels
from .rasters import replacing
from .targets import target_grid
from .widths import WIDTH_CLASSES

logger = logging.getLogger(__name__)


def check_files(drawn, csv_path):
    """Check label files; every problem goes to the log and to standard error, a line each.

    Parameters
    ----------
    drawn : mapping
        By target's name: `file`, and `place` (see `targets.target_grid`).
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
    rows, count = [], 0
    for target, settings in drawn.items():
        path = Path(settings["file"])
        row = {"target": target, "file": str(path)}
        if not path.exists():
            logger.warning("%s: %s is still to be drawn", target, path)
            rows.append(row)
            continue
        problems = check_labels(path, target_grid(settings["place"]))
        for problem in problems:
            logger.error("%s: %s", path, problem)
            print(f"imfmap: {path}: {problem}", file=sys.stderr)
        count += len(problems)
        if not problems:
            classes = read_labels(path).width_class
            counts = {name: int((classes == name).sum()) for name in WIDTH_CLASSES}
            rows.append(row | counts | {"polygons": int(classes.isna().sum())})
    if count:
        raise InputError("labels", f"{count} problem(s), named above and in the log", "mend them in QGIS, check again")
    table = pandas.DataFrame(rows, columns=["target", "file", *WIDTH_CLASSES, "polygons"])
    numbers = [*WIDTH_CLASSES, "polygons"]
    table[numbers] = table[numbers].astype("Int64")
    with replacing(csv_path) as temporary:
        table.to_csv(temporary, index=False)
    return table
