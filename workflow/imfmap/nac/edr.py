"""LROC NAC images as the archive keeps them: a PDS3 label, then 8-bit companded lines (EDR)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pvl

from ..core.checksums import md5
from ..core.errors import InputError
from ..maps.label_values import label_value
from ..maps.pvl import loads
from .companding import companding_table, decompanding_table
from .edr_writing import write_edr
from .label import NacLabel

__all__ = [
    "Edr",
    "companding_table",
    "decompanding_table",
    "label_value",
    "read_edr",
    "read_label",
    "verify_md5",
    "write_edr",
]

_LABEL_LIMIT_BYTES = 1 << 20
_END = re.compile(rb"^[ \t]*END[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_SCAN_LINES = 4096
_GET_AGAIN = "fetch the product again"


def read_label(path: str | Path) -> pvl.PVLModule:
    """Read the label of a PDS3 product.

    Parameters
    ----------
    path : path
        A product with attached label, or a detached label.

    Returns
    -------
    pvl.PVLModule
        Values by keyword, ``LRO:`` keywords and ``^IMAGE`` included; `label_value` removes units.

    Raises
    ------
    InputError
        If the file is missing, is no PDS3 product, or its label is broken.
    """
    return _parse(_label_bytes(path), path)


def read_edr(path: str | Path) -> "Edr":
    """Open an EDR of a NAC.

    Only the label is read; `Edr` reads lines on demand. `verify_md5` compares the checksum.

    Returns
    -------
    Edr

    Raises
    ------
    InputError
        If the file is no whole NAC EDR: it is another product, lacks a keyword, or is too short or too long.
    """
    return _open(path)[0]


def verify_md5(path: str | Path) -> None:
    """Compare the image bytes of an EDR with the checksum in its label.

    Raises
    ------
    InputError
        If they differ, or as `read_edr`.
    """
    edr, label = _open(path)
    stated = str(label_value(label["IMAGE"], "MD5_CHECKSUM", path)).strip().lower()
    found = md5(path, first=edr.offset, length=edr.label.lines * edr.label.samples)
    if found != stated:
        raise InputError(path, f"its image has MD5 {found}, its label says {stated}", f"{_GET_AGAIN}, it is damaged")


@dataclass(frozen=True)
class Edr:
    """An open NAC image of 12-bit counts, read from its file on demand.

    Attributes
    ----------
    path : Path
    label : NacLabel
    counts : ndarray
        (256,) float32: the count of every code.
    offset : int
        Bytes before the image.
    """

    path: Path
    label: NacLabel
    counts: np.ndarray
    offset: int

    def read_codes(self, first: int, count: int) -> np.ndarray:
        """Read companded lines; frames that are stored mirrored are mirrored back.

        Parameters
        ----------
        first : int
            Zero-based index of the first line.
        count : int
            Number of lines; fewer come at the end of the image.

        Returns
        -------
        ndarray
            (count, samples) uint8.
        """
        count = max(0, min(count, self.label.lines - first))
        samples = self.label.samples
        codes = np.fromfile(self.path, np.uint8, count * samples, offset=self.offset + first * samples)
        if codes.size < count * samples:
            raise InputError(self.path, "has become shorter while it was read", _GET_AGAIN)
        codes = codes.reshape(count, samples)
        return codes[:, ::-1] if self.label.mirrored else codes

    def read_lines(self, first: int, count: int) -> np.ndarray:
        """Read lines as 12-bit counts: (count, samples) float32; parameters as `read_codes`."""
        return self.counts[self.read_codes(first, count)]

    @cached_property
    def image(self) -> np.ndarray:
        """ndarray: the whole image, (lines, samples) float32 counts."""
        return self.read_lines(0, self.label.lines)

    @cached_property
    def max_count(self) -> float:
        """float: the largest count of the image; the image is not decompanded for it."""
        seen = np.zeros(256, bool)
        for first in range(0, self.label.lines, _SCAN_LINES):
            codes = self.read_codes(first, _SCAN_LINES)
            seen[codes.max()] = True
            if (np.diff(self.counts) < 0).any():
                seen |= np.bincount(codes.ravel(), minlength=256) > 0
        return float(self.counts[seen].max())


def _open(path):
    """Return the Edr and the label of a file."""
    text = _label_bytes(path)
    label = _parse(text, path)
    data_set = str(label_value(label, "DATA_SET_ID", path))
    if "IMAGE_MAP_PROJECTION" in label or "EDR" not in data_set.upper().split("-"):
        raise InputError(
            path,
            f"is no EDR (DATA_SET_ID = {data_set})",
            "give the EDR, the workflow calibrates it itself",
        )
    nac = NacLabel.from_pds(label, path)
    nac.check_product(path)
    image = label["IMAGE"]
    bits = label_value(image, "SAMPLE_BITS", path)
    if bits != 8:
        raise InputError(path, f"has samples of {bits} bits", "EDRs of the NAC have 8")
    try:
        counts = decompanding_table(nac.xterm, nac.mterm, nac.bterm)
    except ValueError as error:
        raise InputError(path, str(error), "check LRO:XTERM, LRO:MTERM and LRO:BTERM in its label") from None
    offset = _image_offset(label, path)
    _check_size(path, label, nac, offset, len(text))
    return Edr(Path(path), nac, counts, offset), label


def _label_bytes(path):
    """Read the bytes of a label, up to and including its END."""
    try:
        with open(path, "rb") as file:
            text = file.read(_LABEL_LIMIT_BYTES)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path") from None
    if not text.lstrip().startswith((b"PDS_VERSION_ID", b"/*", b"CCSD3ZF")) or b"PDS_VERSION_ID" not in text[:4096]:
        what = "an ISIS cube" if b"IsisCube" in text[:200] else "no PDS3 product"
        raise InputError(path, f"is {what}", "an EDR (.IMG) of the NAC begins with its PDS3 label")
    end = _END.search(text)
    if end is None:
        raise InputError(path, "its PDS3 label has no END", _GET_AGAIN)
    return text[: end.end()]


def _parse(text, path):
    try:
        label = loads(text.decode("latin-1"))
    except Exception as error:  # pvl lets errors of many types through on broken text
        raise InputError(path, f"its PDS3 label cannot be read ({str(error)[:80]})", _GET_AGAIN) from None
    if not isinstance(label, Mapping):
        raise InputError(path, "its PDS3 label cannot be read", _GET_AGAIN)
    _refuse_two_values(label, path)
    return label


def _refuse_two_values(group, path):
    """Refuse a keyword that a label, or an object in it, gives twice with two values: which one counts is not known."""
    first = {}
    for keyword, value in group.items():
        if isinstance(value, Mapping):
            _refuse_two_values(value, path)
        elif first.setdefault(keyword, value) != value:
            found = f"its label gives {keyword} twice, {first[keyword]} and {value}"
            raise InputError(path, " ".join(found.split())[:200], _GET_AGAIN)


def _image_offset(label, path):
    """Return the bytes before the image. ^IMAGE counts from 1: bytes if its unit is BYTES, else records."""
    if "^IMAGE" not in label:
        raise InputError(path, "its label has no keyword ^IMAGE", "check that the file is whole")
    pointer = label["^IMAGE"]
    unit = str(getattr(pointer, "units", "")).strip().upper()
    value = getattr(pointer, "value", pointer)
    if not isinstance(value, int) or value < 1:
        raise InputError(path, f"its ^IMAGE is '{value}'", "expected the number of a record or byte of the same file")
    if unit in ("BYTES", "B"):
        return value - 1
    record = label_value(label, "RECORD_BYTES", path)
    if not isinstance(record, int) or record < 1:
        raise InputError(path, f"its RECORD_BYTES is '{record}'", "expected a whole number above zero")
    return (value - 1) * record


def _check_size(path, label, nac, offset, label_bytes):
    if nac.lines < 1 or nac.samples < 1:
        raise InputError(path, f"its image is {nac.lines} x {nac.samples}", "check LINES and LINE_SAMPLES in its label")
    size = Path(path).stat().st_size
    wanted = offset + nac.lines * nac.samples
    if size < wanted:
        missing = wanted - size
        raise InputError(path, f"is truncated: {missing} of its {wanted} bytes are missing", _GET_AGAIN)
    # A file that was cut out of a larger one may be longer: ^IMAGE points into its label, and the image follows later.
    longest = max(wanted, label_bytes + nac.lines * nac.samples)
    records = label.get("FILE_RECORDS"), label.get("RECORD_BYTES")
    padded = all(isinstance(number, int) for number in records) and size == records[0] * records[1]
    if size > longest and not padded:
        raise InputError(path, f"is too long: it has {size} bytes, but its label accounts for {wanted}", _GET_AGAIN)
