"""ISIS's kernel databases: which kernels an image needs, by its time, camera and target.

The rules are those of ISIS's `KernelDb` (classes `KernelDb` and `Kernel`, and spiceinit's order of use).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ..camera.times import ephemeris_time
from ..core.errors import InputError, SetupError
from ..maps.pvl import parse_pvl
from ..nac.label import NacLabel
from . import limits
from .outside import is_path_below, shown

_J2000 = datetime(2000, 1, 1, 12)
_OFFSET_SLACK_S = 0.001
# Quality of a kernel, from the least to the best.
TYPES = {"PREDICTED": 1, "NADIR": 2, "RECONSTRUCTED": 4, "SMITHED": 8}
_CAMERA_VERSION = 2
_REMEDY = "fetch the database again"
_OPENING = re.compile(r"[ \t]*(Object|Group)[ \t]*=[ \t]*(\w+)", re.I)
_CLOSING = re.compile(r"[ \t]*End_?(Object|Group)\b", re.I)
# No part of it is tried twice: text that is made for it would take for ever.
_YEAR = re.compile(r'Time\s*+=\s*+\(\s*+"?+\s*+([0-9]{4})[^=]*?,\s*+"?+\s*+([0-9]{4})', re.I)


@dataclass(frozen=True)
class Subject:
    """The facts of an image by which databases choose kernels.

    Attributes
    ----------
    keywords : dict of (str, str): str
        Values of keywords, by group and keyword of an ISIS label, all in upper case.
    start_s, stop_s : float
        Ephemeris times of its first and last line, seconds.
    start_year, stop_year : int
    """

    keywords: Mapping[tuple[str, str], str]
    start_s: float
    stop_s: float
    start_year: int
    stop_year: int

    @classmethod
    def of(cls, label: NacLabel) -> Self:
        """Return the facts of a NAC image."""
        spacecraft = "LUNAR RECONNAISSANCE ORBITER"
        keywords = {
            "INSTRUMENTID": label.prefix,
            "FRAMEID": label.camera.upper(),
            "TARGETNAME": "MOON",
            "SPACECRAFTNAME": spacecraft,
            "INSTRUMENTHOSTNAME": spacecraft,
            "INSTRUMENTHOSTID": "LRO",
        }
        return cls(
            {("INSTRUMENT", key): value for key, value in keywords.items()},
            ephemeris_time(label.start_time),
            ephemeris_time(label.stop_time),
            int(label.start_time[:4]),
            int(label.stop_time[:4]),
        )


@dataclass(frozen=True)
class Selection:
    """Kernels that a database offers for an image.

    Attributes
    ----------
    files : tuple of str
        Paths below ISISDATA; question marks stand for the digits of the version, of which the highest counts.
    quality : str
        A key of `TYPES`, or empty.
    """

    files: tuple[str, ...]
    quality: str


def routes(text: str, subject: Subject, where: str) -> list[str]:
    """Return the databases that a configuration file (``kernels.NNNN.conf``) names for an image.

    Returns
    -------
    list of str
        Paths below ISISDATA, with question marks for the version; empty where no group is for this image.

    Raises
    ------
    InputError
        Where the file cannot be parsed.
    """
    for group in _groups(text, None, where):
        if _matches(group, subject, None, where):
            return list(_files(group, where))
    return []


def select(text: str, entry: str, subject: Subject, allowed: Collection[str], where: str) -> list[Selection]:
    """Return the kernels that a database offers for an image, best first.

    Parameters
    ----------
    text : str
        Content of a database (``.db``).
    entry : str
        Name of an object in it, such as ``SpacecraftPointing``.
    subject : Subject
    allowed : collection of str
        Qualities (`TYPES`) that may be taken. Kernels without a quality may always be taken.
    where : str
        Name of the database, for messages.

    Returns
    -------
    list of Selection
        Best quality first. If two have the same quality, the later one in the database comes first.

    Raises
    ------
    InputError
        Where the database cannot be parsed.
    """
    groups = []
    for group in reversed(_groups(text, subject, where, entry)):
        quality = str(_first(group, "Type") or "").upper()
        if not quality or quality in allowed:
            groups.append((group, quality))
    found = []
    for group, quality in groups:
        if not _matches(group, subject, subject.start_s, where):
            continue
        if _matches(group, subject, subject.stop_s, where):
            found.append(Selection(_files(group, where), quality))
            continue
        # Its time ends within the image: another group, which begins before that end, has to cover the rest.
        for other, other_quality in groups:
            if other is group or other_quality != quality or not _matches(other, subject, subject.stop_s, where):
                continue
            if _matches(other, subject, subject.start_s, where):
                found.append(Selection(_files(other, where), quality))
            elif all(_matches(other, subject, end_s, where) for _, end_s in _times(group, where)):
                found.append(Selection((*_files(group, where), *reversed(_files(other, where))), quality))
    return sorted(found, key=lambda selection: -TYPES.get(selection.quality, 0))


def _groups(text, subject, where, entry=None):
    """Selection groups of a file, in its order; where `subject` is given, only those that may cover its years."""
    blocks = []
    for block in _blocks(text, entry):
        years = [(int(first), int(last)) for first, last in _YEAR.findall(block)]
        if subject is None or not years or any(_near(span, subject) for span in years):
            blocks.append(block)
    if len(blocks) > limits.DATABASE_GROUPS or sum(map(len, blocks)) > limits.DATABASE_GROUPS_BYTES:
        raise SetupError(where, f"has {len(blocks)} groups for one year, more than any kernel database", _REMEDY)
    # pvl is slow: databases have thousands of groups, and only some dozens of one year.
    found = _values(parse_pvl("".join(blocks) + "End\n", where), "Selection") if blocks else []
    return [group for group in found if isinstance(group, Mapping)]


def _blocks(text, entry):
    """Text of each Selection group of an object; of the whole file where no object is named."""
    blocks, block, inside = [], None, entry is None
    for line in text.splitlines(keepends=True):
        if block is not None:
            block.append(line)
        opening, closing = _OPENING.match(line), _CLOSING.match(line)
        if opening and block is None:
            kind, name = (word.upper() for word in opening.groups())
            if kind == "OBJECT" and entry is not None and name == entry.upper():
                inside = True
            elif kind == "GROUP" and name == "SELECTION" and inside:
                block = [line]
        elif closing and closing[1].upper() == "GROUP" and block is not None:
            blocks.append("".join(block))
            block = None
        elif closing and closing[1].upper() == "OBJECT" and inside and entry is not None:
            return blocks
    return blocks if entry is None else []


def _near(span, subject):
    return span[0] <= subject.stop_year and span[1] >= subject.start_year


def _values(group, keyword):
    return [value for key, value in group.items() if key.lower() == keyword.lower()]


def _first(group, keyword):
    return next(iter(_values(group, keyword)), None)


def _files(group, where):
    """Paths of a group's File keywords, which are ``$lro/...``, or a pair of data area and path."""
    files = []
    for value in _values(group, "File"):
        parts = [str(part) for part in value] if isinstance(value, (list, tuple)) else [str(value)]
        path = "/".join(parts)
        if len(parts) > 2 or (len(parts) == 1 and not path.startswith("$")):
            raise InputError(where, f"its File = {path} has no form that ISIS knows", _REMEDY)
        path = path.removeprefix("$").removeprefix("ISISDATA/")
        if not is_path_below(path):
            raise SetupError(where, f"its File = {shown(value)} leads out of ISIS's data", _REMEDY)
        files.append(path)
    return tuple(files)


def _times(group, where):
    """Time spans of a group, in ephemeris time."""
    spans = []
    for value in _values(group, "Time"):
        try:
            first, last = value
            spans.append((_seconds(first), _seconds(last)))
        except (TypeError, ValueError):
            raise InputError(where, f"its Time = {value} is no pair of times", _REMEDY) from None
    return spans


def _seconds(value):
    text = str(value).strip()
    dynamical = text.upper().endswith("TDB")
    text = text[:-3].strip() if dynamical else text
    for form in ("%Y %b %d %H:%M:%S.%f", "%Y %b %d %H:%M:%S"):
        try:
            moment = datetime.strptime(text, form)
            break
        except ValueError:
            continue
    else:
        moment = datetime.fromisoformat(text)
    return (moment - _J2000).total_seconds() if dynamical else ephemeris_time(moment)


def _matches(group, subject, time_s, where):
    """Whether a group is for this image at a time; None stands for any time."""
    try:
        return _fits(group, subject, time_s, where)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(where, f"has a group that ISIS would not read ({shown(error)})", _REMEDY) from None


def _fits(group, subject, time_s, where):
    for value in _values(group, "Match"):
        name, keyword, wanted = (" ".join(str(part).split()).upper() for part in value)
        if subject.keywords.get((name, keyword)) != wanted:
            return False
    for value in _values(group, "CameraVersion"):
        if not _version_in(value):
            return False
    instrument = _first(group, "Instrument")
    spans = _times(group, where)
    if not spans or time_s is None:
        return True
    if instrument is not None and str(instrument).upper() != subject.keywords[("INSTRUMENT", "INSTRUMENTID")]:
        return False
    early, late = (_offset(group, key) for key in ("StartOffset", "EndOffset"))
    return any(first_s - early <= time_s <= last_s + late for first_s, last_s in spans)


def _offset(group, keyword):
    value = _first(group, keyword)
    return 0.0 if value is None else float(value) + _OFFSET_SLACK_S


def _version_in(value):
    """Whether the camera's version is in a list such as ``1-2,4``."""
    for token in str(value).split(","):
        first, _, last = token.strip().partition("-")
        low, high = sorted((int(first), int(last or first)))
        if low <= _CAMERA_VERSION <= high:
            return True
    return False
