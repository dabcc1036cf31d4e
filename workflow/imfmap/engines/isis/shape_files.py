"""Whether ISIS can take a file for a shape model; only the label is read, so that the check needs no raster library."""

import re
from pathlib import Path

from ...core.errors import InputError


def check_shape_file(path: str | Path, key: str) -> None:
    """Stop on a file that ISIS could not take for a shape model.

    Parameters
    ----------
    path : path
        Cube that ``demprep`` wrote, or a DSK of NAIF.
    key : str
        Key of the config that names the file.

    Raises
    ------
    InputError
        If the file is no cube (a GeoTIFF, for instance), or ``demprep`` has not been run on it.
    """
    try:
        label = _label_text(path)
    except OSError as error:
        raise InputError(key, f"{path} cannot be read ({error.strerror})", "check the path") from None
    if label.startswith(b"DAS/"):
        return
    if not re.match(rb"\s*Object\s*=\s*IsisCube", label):
        raise InputError(
            key,
            f"{path} is no ISIS cube, as ISIS wants its shape models",
            "convert it (gdal_translate -of ISIS3), and run demprep on the cube",
        )
    if b"ShapeModelStatistics" not in label:
        raise InputError(
            key, f"{path} has no table ShapeModelStatistics, without which ISIS does not take it", "run demprep on it"
        )


def _label_text(path):
    """Start of a file, as far as the end of its label, if it is a cube."""
    with open(path, "rb") as file:
        label = file.read(1 << 16)
        start = re.search(rb"StartByte\s*=\s*(\d+)", label)
        if start is not None and int(start[1]) > len(label):
            label += file.read(int(start[1]) - len(label))
    return label
