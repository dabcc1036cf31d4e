"""Lists of cubes for ISIS, and the cubes in which automos tracks the source image of each pixel."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rasterio.io import DatasetReader

from ...core.errors import InputError
from ...core.temporary import temporary_folder
from ...maps.isis_label import read_cube_label
from ...maps.rasters import open_raster, read_window

TRACKING_TABLE = "InputImages"
_LABEL_BYTES = 1 << 20
_TRACK = "run automos with track=yes, of ISIS 8"


def write_list(paths: Iterable[str | Path], out: str | Path) -> None:
    """Write a list of files as ISIS reads it, one in each line. `paths.Links` gives names that ISIS does not cut."""
    Path(out).write_text("".join(f"{path}\n" for path in paths))


@contextmanager
def open_tracking(path: str | Path) -> Iterator[tuple[DatasetReader, dict[int, str]]]:
    """Open a tracking cube.

    GDAL does not read cubes of 32-bit integers. So it gets another label, which calls them reals; `read_tracked` reads
    the bits as integers again.

    Parameters
    ----------
    path : path
        As automos of ISIS 8 writes it: unsigned 32-bit, with the table InputImages.

    Yields
    ------
    tuple
        The open dataset, and the file name for each of its values.

    Raises
    ------
    InputError
        If the file is no such cube.
    """
    with temporary_folder() as folder:
        core = folder / "tracking.cub"
        core.symlink_to(Path(path).resolve())
        label = core.with_suffix(".lbl")
        label.write_text(_label_text(path).replace("Object = Core", f"Object = Core\n    ^Core = {core.name}", 1))
        files = _tracked_files(read_cube_label(label).get(f"Table_{TRACKING_TABLE}"), path)
        with open_raster(label) as dataset:
            yield dataset, files


def _label_text(path):
    """Label of a cube of 32-bit integers, with their type changed to reals."""
    try:
        with open(path, "rb") as file:
            start = file.read(_LABEL_BYTES)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", _TRACK) from None
    end = re.search(rb"(?m)^End\s*$", start)
    text = start[: end.end() if end else 0].decode(errors="replace")
    changed, count = re.subn(r"(?m)^(\s*Type\s*=\s*)UnsignedInteger\s*$", r"\1Real", text)
    if count != 1:
        raise InputError(path, "does not hold unsigned 32-bit integers", _TRACK)
    return changed


def _tracked_files(table, path):
    if table is None:
        raise InputError(path, f"has no table {TRACKING_TABLE}", _TRACK)
    order = ">" if str(table["ByteOrder"]).lower() == "msb" else "<"
    fields = [value for key, value in table.items() if key.startswith("Field_")]
    record = np.dtype(
        [(field["Name"], f"S{field['Size']}" if field["Type"] == "Text" else f"{order}i4") for field in fields]
    )
    with open(path, "rb") as file:
        file.seek(table["StartByte"] - 1)
        rows = np.frombuffer(file.read(record.itemsize * table["Records"]), record)
    return {int(row["PixelValue"]): row["FileName"].decode().strip("\0 ") for row in rows}


def read_tracked(dataset: DatasetReader, row: int, column: int, rows: int, columns: int) -> np.ndarray:
    """Read a window of an open tracking cube as uint32 (rows, columns), 0 (ISIS's Null) outside the cube."""
    return read_window(dataset, row, column, rows, columns, fill=0.0).view(np.uint32)


def check_tracking(path: str | Path, size: Sequence[int]) -> None:
    """Stop if automos left no tracking cube, or one whose size is not that of its mosaic (lines, samples)."""
    with open_tracking(path) as (dataset, files):
        if dataset.shape != tuple(size) or not files:
            raise InputError(
                path, f"names {len(files)} images, and its size is {dataset.shape}, not {tuple(size)}", _TRACK
            )
