"""Facts of one NAC image, from its PDS3 label or from the label of an ISIS cube made from it."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from ..camera.times import parse_utc
from ..core.errors import InputError
from ..core.product_ids import OtherProductError, check_name, full_id, named_product
from ..maps.label_values import label_value

log = logging.getLogger(__name__)

FULL_SAMPLES = 5064
NAIF_IDS = {"left": -85600, "right": -85610}
_MIRRORED_BELOW = 1.3
# The number in a product id counts seconds; after 199999999 comes 1100000000. This is when the preroll of M114145549LE
# began.
_REFERENCE_NUMBER, _REFERENCE_PREROLL = 114145549, datetime(2009, 11, 29, 14, 51, 21, 623000)
# Of M103595705LE, M143947267LE and M1333276014RE, the whole seconds of the spacecraft's clock at the start of the
# preroll are the number of the product and this.
_CLOCK_MINUS_NUMBER_S = 167053532
_CLOCK_TOLERANCE_S = 2


def product_of(path: str | Path) -> str:
    """Return the product id in a file's name: the name up to the first dot."""
    return Path(path).name.split(".")[0]


@dataclass(frozen=True)
class NacLabel:
    """Facts of an image that its processing needs.

    Attributes
    ----------
    product_id : str
        E.g. ``M114145549LE``.
    camera : str
        ``left`` or ``right``.
    lines, samples : int
        Size of the image.
    summing : int
        1, or 2 if pairs of samples were added on board.
    exposure_ms : float
        Exposure of one line.
    exposure_code : int
        Line exposure code; images with code 0 have their own darks.
    start_time, stop_time : str
        UTC, ISO 8601, of the first and last line.
    start_clock, preroll_clock : str
        Spacecraft clock at the first line and at the start of the preroll, e.g. ``1/281199081:26214``.
    version : float
        Version of the product; right frames below 1.3 are stored mirrored.
    xterm, mterm, bterm : tuple of float
        Companding terms.
    """

    product_id: str
    camera: str
    lines: int
    samples: int
    summing: int
    exposure_ms: float
    exposure_code: int
    start_time: str
    stop_time: str
    start_clock: str
    preroll_clock: str
    version: float
    xterm: tuple
    mterm: tuple
    bterm: tuple

    @classmethod
    def from_pds(cls, label: Mapping[str, Any], path: str | Path) -> Self:
        """Return the facts from a PDS3 label.

        Parameters
        ----------
        label : mapping
            As `edr.read_label` returns it.
        path : path
            File of the label, for messages.

        Raises
        ------
        InputError
            If a keyword is missing or its value is invalid, or the image is not from a NAC.
        """
        read = _Reader(label, path)
        image = read.group("IMAGE")
        return cls._of(
            read,
            read,
            lines=image.integer("LINES"),
            samples=image.integer("LINE_SAMPLES"),
            names={
                "product_id": "PRODUCT_ID",
                "frame": "FRAME_ID",
                "summing": "CROSSTRACK_SUMMING",
                "exposure_ms": "LINE_EXPOSURE_DURATION",
                "exposure_code": "LRO:LINE_EXPOSURE_CODE",
                "start_time": "START_TIME",
                "stop_time": "STOP_TIME",
                "start_clock": "SPACECRAFT_CLOCK_START_COUNT",
                "preroll_clock": "LRO:SPACECRAFT_CLOCK_PREROLL_COUNT",
                "version": "PRODUCT_VERSION_ID",
                "terms": "LRO:{}TERM",
            },
        )

    @classmethod
    def from_cube(cls, label: Mapping[str, Any], path: str | Path) -> Self:
        """Return the facts from the label of an ISIS cube.

        Parameters
        ----------
        label : mapping
            It has the object ``IsisCube``, whose groups are mappings; a value may be a mapping with ``value`` and
            ``unit``.
        path : path
            File of the label, for messages.

        Raises
        ------
        InputError
            As `from_pds`.
        """
        cube = _Reader(label, path).group("IsisCube")
        size = cube.group("Core").group("Dimensions")
        return cls._of(
            cube.group("Instrument"),
            cube.group("Archive"),
            lines=size.integer("Lines"),
            samples=size.integer("Samples"),
            names={
                "product_id": "ProductId",
                "frame": "FrameId",
                "summing": "SpatialSumming",
                "exposure_ms": "LineExposureDuration",
                "exposure_code": "LineExposureCode",
                "start_time": "StartTime",
                "stop_time": "StopTime",
                "start_clock": "SpacecraftClockStartCount",
                "preroll_clock": "SpacecraftClockPrerollCount",
                "version": "ProductVersionId",
                "terms": "{}Terms",
            },
        )

    @classmethod
    def _of(cls, instrument, archive, lines, samples, names):
        frame = instrument.text(names["frame"]).upper()
        if frame not in ("LEFT", "RIGHT"):
            raise InputError(
                instrument.path,
                f"is no NAC image ({names['frame']} = {frame})",
                "only the narrow angle cameras, LEFT and RIGHT, are mapped",
            )
        summing = instrument.integer(names["summing"])
        if summing not in (1, 2):
            raise InputError(instrument.path, f"{names['summing']} is {summing}", "NAC images are summed by 1 or 2")
        terms = {f"{axis.lower()}term": archive.numbers(names["terms"].format(axis)) for axis in "XMB"}
        if len({len(term) for term in terms.values()}) != 1:
            raise InputError(instrument.path, "its companding terms X, M and B differ in number", "check the label")
        return cls(
            product_id=archive.text(names["product_id"]),
            camera=frame.lower(),
            lines=lines,
            samples=samples,
            summing=summing,
            exposure_ms=instrument.positive(names["exposure_ms"]),
            exposure_code=archive.integer(names["exposure_code"]),
            start_time=instrument.time(names["start_time"]),
            stop_time=instrument.time(names["stop_time"]),
            start_clock=instrument.text(names["start_clock"]),
            preroll_clock=instrument.text(names["preroll_clock"]),
            version=archive.version(names["version"]),
            **terms,
        )

    def check_product(self, path: str | Path) -> None:
        """Refuse a file of another product than its name says; warn in the log where its label contradicts itself.

        Parameters
        ----------
        path : path
            File of the label.

        Raises
        ------
        OtherProductError
            If the name begins with the id of another product, or with that of the other camera than the label's.
        """
        check_name(path, self.product_id)
        if named_product(self.product_id) is None:
            return
        if full_id(self.product_id)[-2] != self.camera[0].upper():
            found = f"its label says product {self.product_id}, and camera {self.camera.upper()}"
            if named_product(path) is not None:
                raise OtherProductError(path, found, "fetch the product again from the archive")
            log.warning("%s: %s", path, found)
        clock = re.search(r"(\d+)(?::\d+)?\s*$", self.preroll_clock)
        expected_s = _seconds_of(full_id(self.product_id)) + _CLOCK_MINUS_NUMBER_S
        if clock is not None and abs(int(clock[1]) - expected_s) > _CLOCK_TOLERANCE_S:
            log.warning(
                "%s: its label says product %s, whose clock begins at about %d s, and a clock of %s: check that it is"
                " the image that its name says",
                path,
                self.product_id,
                expected_s,
                self.preroll_clock,
            )

    @property
    def prefix(self) -> str:
        """str: ``NACL`` or ``NACR``, the beginning of the names of calibration files."""
        return "NACL" if self.camera == "left" else "NACR"

    @property
    def naif_id(self) -> int:
        """int: NAIF code of the camera."""
        return NAIF_IDS[self.camera]

    @property
    def mirrored(self) -> bool:
        """bool: whether the archive stores the frame with its samples reversed."""
        return self.camera == "right" and self.version < _MIRRORED_BELOW


@dataclass(frozen=True)
class _Reader:
    """Reader of typed values of one object or group of a label."""

    values: Mapping
    path: object

    def group(self, name):
        group = self.values.get(name)
        if not isinstance(group, Mapping):
            raise InputError(self.path, f"its label has no object or group {name}", "check that the file is whole")
        return _Reader(group, self.path)

    def _converted(self, convert, keyword, wanted):
        value = label_value(self.values, keyword, self.path)
        try:
            return convert(value)
        except (TypeError, ValueError, OverflowError):
            shown = str(value)[:40]
            raise InputError(self.path, f"its label's {keyword} is '{shown}'", f"expected {wanted}") from None

    def text(self, keyword):
        return str(label_value(self.values, keyword, self.path)).strip()

    def integer(self, keyword):
        return self._converted(_whole, keyword, "a whole number, not negative")

    def positive(self, keyword):
        return self._converted(_positive, keyword, "a number above zero")

    def numbers(self, keyword):
        return self._converted(lambda values: tuple(float(value) for value in values), keyword, "a list of numbers")

    def time(self, keyword):
        return self._converted(lambda value: parse_utc(value).isoformat(), keyword, "a UTC in ISO 8601")

    def version(self, keyword):
        return self._converted(lambda value: float(str(value).strip().lstrip("v")), keyword, "a version such as v1.8")


def _whole(value):
    number = float(value)
    if number != int(number) or number < 0:
        raise ValueError
    return int(number)


def _positive(value):
    number = float(value)
    if not 0 < number < float("inf"):
        raise ValueError
    return number


def product_number(product_id: str) -> int:
    """Return the number in a product id such as M1400000000LE."""
    return int(product_id[1:].rstrip("LRE"))


def preroll_time(product_id: str) -> datetime:
    """Return the UTC at which an image's preroll began, from the number in its product id."""
    return _REFERENCE_PREROLL + timedelta(seconds=_seconds_of(product_id) - _REFERENCE_NUMBER)


def _seconds_of(product_id):
    """Return the seconds that the number of a product counts."""
    number = product_number(product_id)
    return number - 900_000_000 if number >= 1_100_000_000 else number
