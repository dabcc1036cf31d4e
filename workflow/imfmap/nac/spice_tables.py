"""The camera that spiceinit stored in an ISIS cube: its SPICE tables, instrument keywords and crop."""

import re
import struct
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..camera.ephemeris import Orientation, States
from ..camera.instrument import instrument_of
from ..core.errors import InputError
from ..core.product_ids import check_name
from ..maps.isis_label import read_cube_label
from ..maps.label_values import label_value
from .label import NAIF_IDS, product_of

_SPICEINIT = "run spiceinit on the cube (with attach=yes, the default)"
_NAIF_IDS = {"NACL": NAIF_IDS["left"], "NACR": NAIF_IDS["right"]}
_POSITION = ("J2000X", "J2000Y", "J2000Z")
_VELOCITY = ("J2000XV", "J2000YV", "J2000ZV")
_QUATERNION = ("J2000Q0", "J2000Q1", "J2000Q2", "J2000Q3")
_ANGULAR_VELOCITY = ("AV1", "AV2", "AV3")


def read_cube_camera(path: str | Path) -> dict[str, Any]:
    """Read the arguments of `line_scan.LineScanCamera` from a spiceinit'ed cube.

    Parameters
    ----------
    path : path
        NAC cube with attached label, whole, cropped or reduced.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If the file is no NAC cube, or was not spiceinit'ed.
    """
    label = read_cube_label(path)
    cube = label.get("IsisCube", {})
    instrument = cube.get("Instrument", {})
    naif_id = _NAIF_IDS.get(instrument.get("InstrumentId"))
    if naif_id is None:
        found = instrument.get("InstrumentId", "no InstrumentId")
        raise InputError(path, f"is no cube of a NAC ({found})", "only NACL and NACR are mapped")
    keywords = label.get("NaifKeywords")
    if keywords is None:
        raise InputError(path, "has no NaifKeywords", _SPICEINIT)

    def number_of(group, keyword):
        try:
            return float(label_value(group, keyword, path))
        except (TypeError, ValueError):
            raise InputError(path, f"its label's {keyword} is no number", _SPICEINIT) from None

    prefix = f"INS{naif_id}_"
    duration_s = (
        number_of(instrument, "LineExposureDuration")
        / 1000.0
        * (1.0 + number_of(keywords, prefix + "MULTIPLI_LINE_ERROR"))
    )
    duration_s += number_of(keywords, prefix + "ADDITIVE_LINE_ERROR")
    start_s = _clock_time(label, str(label_value(instrument, "SpacecraftClockPrerollCount", path)), path)
    start_s += number_of(keywords, prefix + "ADDITIONAL_PREROLL") * duration_s
    start_s += number_of(keywords, prefix + "CONSTANT_TIME_OFFSET")
    summing = number_of(instrument, "SpatialSumming")
    line, sample, line_step, sample_step = _crop(cube.get("AlphaCube"), number_of)
    size = cube["Core"]["Dimensions"]
    product_id = str(cube.get("Archive", {}).get("ProductId", product_of(path)))
    check_name(path, product_id)
    return {
        "product_id": product_id,
        "lines": size["Lines"],
        "samples": size["Samples"],
        "start_et_s": start_s + (line - 0.5) * duration_s,
        "line_duration_s": duration_s * line_step,
        "position": _states(path, label, "InstrumentPosition"),
        "pointing": _orientation(path, label, "InstrumentPointing"),
        "body_rotation": _orientation(path, label, "BodyRotation"),
        "sun": _states(path, label, "SunPosition"),
        "instrument": instrument_of(naif_id, keywords, path),
        "summing": summing * sample_step,
        "first_sample": number_of(instrument, "SampleFirstPixel") + (sample - 0.5) * summing,
    }


def read_table(path: str | Path, label: Mapping[str, Any], name: str) -> dict[str, np.ndarray]:
    """Read the columns of a table of doubles in an ISIS cube.

    Returns
    -------
    dict of ndarray
        Values (records,) by field name.

    Raises
    ------
    InputError
        If the cube has no such table, or only a part of it, or the table does not hold doubles.
    """
    table = label.get(f"Table_{name}")
    if table is None:
        raise InputError(path, f"has no table {name}", _SPICEINIT)
    fields = [value for key, value in table.items() if key.startswith("Field_")]
    if any(field["Type"] != "Double" or field["Size"] != 1 for field in fields):
        raise InputError(path, f"its table {name} does not hold doubles", _SPICEINIT)
    dtype = ">f8" if str(table["ByteOrder"]).lower() == "msb" else "<f8"
    size = table["Records"] * len(fields)
    with open(path, "rb") as file:
        file.seek(table["StartByte"] - 1)
        data = file.read(8 * size)
    if len(data) < 8 * size:
        raise InputError(path, f"its table {name} is cut short", "copy the cube again")
    values = np.frombuffer(data, dtype).astype(float).reshape(-1, len(fields))
    return {field["Name"]: values[:, column] for column, field in enumerate(fields)}


def _columns(table, names):
    return np.column_stack([table[name] for name in names]) if set(names) <= set(table) else None


def _states(path, label, name):
    table = read_table(path, label, name)
    positions, velocities = _columns(table, _POSITION), _columns(table, _VELOCITY)
    if positions is None or "ET" not in table:
        raise InputError(path, f"its table {name} holds polynomials", f"positions are needed: {_SPICEINIT}")
    linear = str(label[f"Table_{name}"].get("CacheType", "Linear")) == "Linear"
    with _table_in_errors(path, name):
        return States(table["ET"], positions, None if linear else velocities)


def _orientation(path, label, name):
    table = read_table(path, label, name)
    quaternions = _columns(table, _QUATERNION)
    if quaternions is None or "ET" not in table:
        raise InputError(path, f"its table {name} holds polynomials", f"quaternions are needed: {_SPICEINIT}")
    constant = label[f"Table_{name}"].get("ConstantRotation")
    with _table_in_errors(path, name):
        return Orientation(table["ET"], quaternions, _columns(table, _ANGULAR_VELOCITY), constant)


@contextmanager
def _table_in_errors(path, name):
    """Name the table in errors about its values."""
    try:
        yield
    except ValueError as error:
        raise InputError(path, f"its table {name} is unfit ({error})", _SPICEINIT) from None


def _clock_time(label, clock, path):
    """Return the ephemeris time of a spacecraft clock count, which spiceinit stored as the bytes of a double.

    It is read from the label's text: GDAL stops at the colon in the keyword, and takes some of the values for numbers.
    """
    with open(path, "rb") as file:
        text = file.read(label["Label"]["Bytes"])
    stored = re.search(rb"CLOCK_ET_-?\d+_" + re.escape(clock.encode()) + rb"_COMPUTED\s*=\s*([0-9a-fA-F]{16})\b", text)
    if stored is None:
        raise InputError(path, f"its NaifKeywords have no time for the clock {clock}", _SPICEINIT)
    return struct.unpack("<d", bytes.fromhex(stored[1].decode()))[0]


def _crop(alpha, number_of):
    """Return the place of a piece in the whole image: its upper left corner, and the size of its pixels.

    All are lines and samples of the whole image, whose own corner is at 0.5, as in ISIS's AlphaCube group.
    """
    if alpha is None:
        return 0.5, 0.5, 1.0, 1.0
    line, sample = number_of(alpha, "AlphaStartingLine"), number_of(alpha, "AlphaStartingSample")
    line_step = (number_of(alpha, "AlphaEndingLine") - line) / number_of(alpha, "BetaLines")
    return line, sample, line_step, (number_of(alpha, "AlphaEndingSample") - sample) / number_of(alpha, "BetaSamples")
