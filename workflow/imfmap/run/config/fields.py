"""Types of the configuration's values, and the base class of its sections.

Each type carries the words (`Words`) that both error messages and the reference tables use for it.
"""

import datetime
import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WrapValidator
from pydantic_core import PydanticCustomError

from ...core.product_ids import PRODUCT_ID
from ...core.texts import refused_sign

# Larger whole numbers are not the same in JSON, and do not fit into the 64 bits of random seeds.
_LARGEST_WHOLE = 2**53
_LONGEST_TITLE, _LONGEST_PATH = 120, 4000
_ADDRESS = re.compile(r"(https?|file)://\S+$", re.IGNORECASE)


class _Absent:
    """The value of a key that has no default and was not given: a complete configuration does not have the key."""

    def __repr__(self):
        return "ABSENT"


ABSENT: Any = _Absent()


@dataclass(frozen=True)
class Words:
    """A type in words.

    Attributes
    ----------
    kind : str
        The type with its article, such as "a number".
    limits : str
        Limits, such as "at least 0 and at most 1"; empty if there are none.
    """

    kind: str
    limits: str = ""


class Section(BaseModel):
    """A section of the configuration: a mapping that allows only known keys."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True, protected_namespaces=())


def fault(found: str, remedy: str = "") -> PydanticCustomError:
    """Return the error of a validator: what was found, and what to do."""
    return PydanticCustomError("fault", "{found}", {"found": found, "remedy": remedy})


def number(**limits: float) -> Any:
    """Return the type of a finite number, with the limits of `pydantic.Field`. 18.0 becomes 18: they remake nothing."""
    checked = Field(strict=True, allow_inf_nan=False, **limits)
    return Annotated[float, checked, WrapValidator(_in_one_form), Words("a number", _limits(limits))]


def whole(**limits: float) -> Any:
    """Return the type of a whole number; 3.0 becomes 3."""
    checked = Field(strict=True, **limits)
    return Annotated[int, checked, BeforeValidator(_whole), Words("a whole number", _limits(limits))]


def text(pattern: str | None = None, kind: str = "text", limits: str = "") -> Any:
    """Return the type of a text; `limits` says in words what the pattern allows."""
    return Annotated[str, Field(pattern=pattern, min_length=1), AfterValidator(_readable), Words(kind, limits)]


def pair(of: Any) -> Any:
    """Return the type of a list of two items."""
    return Annotated[list[of], Field(min_length=2, max_length=2), Words("a list of two")]


def span(**limits: float) -> Any:
    """Return the type of a range: a list of two numbers, the lower one first."""
    return Annotated[pair(number(**limits)), AfterValidator(_rising), Words("a list of two")]


def several(of: Any, least: int = 0) -> Any:
    """Return the type of a list without repeated items."""
    return Annotated[series(of, least), AfterValidator(_no_twins)]


def series(of: Any, least: int = 0) -> Any:
    """Return the type of a list."""
    words = Words(f"a list of at least {least}" if least else "a list")
    return Annotated[list[of], Field(min_length=least), words]


def _in_one_form(value, check):
    check(value)
    return float(value) if abs(value) > _LARGEST_WHOLE else numbers_in_one_form(value)


def numbers_in_one_form(value: Any) -> Any:
    """Return a value in which, at any depth, whole numbers are written without a point: 8 for 8.0."""
    if isinstance(value, dict):
        return {key: numbers_in_one_form(each) for key, each in value.items()}
    if isinstance(value, list):
        return [numbers_in_one_form(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST_WHOLE:
        return int(value)
    return value


def _whole(value):
    whole_value = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(whole_value, int) and abs(whole_value) > _LARGEST_WHOLE:
        raise fault("is too large", f"give a whole number up to {_LARGEST_WHOLE}")
    return whole_value


def _readable(value):
    if sign := refused_sign(value):
        raise fault(f"has the character {sign}, which cannot be shown or written", "leave it out")
    return value


def _title(value):
    return _short_enough(value, _LONGEST_TITLE)


def _path(value):
    """Refuse what Snakemake takes for a wildcard, and what breaks the page of its report."""
    for sign in "{}<>":
        if sign in value:
            raise fault(f"the path has {sign} in it", "rename the file or folder")
    return _short_enough(value, _LONGEST_PATH)


def _readable_place(value):
    """Refuse what cannot be read as an address or a path."""
    try:
        urlsplit(value)
    except ValueError as error:
        raise fault(f"{value!r} is no address ({error})", "correct it") from None
    return value


def _short_enough(value, most):
    if len(value) > most:
        raise fault(f"is {len(value)} characters long", f"give at most {most}")
    return value


def _place(value):
    return value if value.lstrip().upper().startswith(("POLYGON", "MULTIPOLYGON")) else _path(value)


def _no_twins(values):
    seen = set()
    for value in values:
        if value in seen:
            raise fault(f"{value!r} stands twice", "give it once")
        seen.add(value)
    return values


def _rising(values):
    low, high = values
    if low > high:
        raise fault(f"{low:g} is above {high:g}", "write the lower number first")
    return values


def _address(value):
    if not _ADDRESS.match(value):
        raise fault(f"{value!r} is no address of http, https or file", "write it as https://example.org/path")
    return _readable_place(value)


def _day(value):
    try:
        datetime.date.fromisoformat(value)
    except ValueError:
        raise fault(f"{value!r} is no day", "write it as 2010-01-31") from None
    return value


def _switch(value):
    """Turn text into true or false: Snakemake passes --config refresh=true as text."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


_LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "multiple_of": "a multiple of"}


def _limits(limits):
    return " and ".join(f"{_LIMITS[name]} {value:g}" for name, value in limits.items())


Positive = number(gt=0)
NotNegative = number(ge=0)
Share = number(ge=0, le=1)
InnerShare = number(gt=0, lt=1)
Overlap = number(ge=0, le=0.9)
Latitude = number(ge=-90, le=90)
Azimuth = number(ge=0, le=360)
Count = whole(ge=1)
NotNegativeCount = whole(ge=0)
Text = text()
Title = Annotated[text(limits=f"of at most {_LONGEST_TITLE} characters"), AfterValidator(_title)]
File = Annotated[text(kind="a path"), AfterValidator(_path)]
FileOrUrl = Annotated[File, AfterValidator(_readable_place)]
PolygonOrFile = Annotated[Text, AfterValidator(_place)]
Url = Annotated[text(kind="an address"), AfterValidator(_address)]
UrlOrFolder = Annotated[text(kind="an address or a folder"), AfterValidator(_readable_place)]
_LETTERS = "of letters, digits, _ and -, at most 80"
_SMALL_LETTERS = "of small letters, digits and _, a letter first, at most 80"
RunName = text(r"^[A-Za-z0-9_-]{1,80}$", "a name", _LETTERS)
ModelName = text(r"^[A-Za-z0-9_-]{1,80}$", "a name", _LETTERS)
QuestionName = text(r"^[a-z][a-z0-9_]{0,79}$", "a name", _SMALL_LETTERS)
TargetName = text(r"^[a-z][a-z0-9_]{0,79}$", "a name", _SMALL_LETTERS)
FilePattern = text(r"^[^/\\\\\s]{1,120}$", "a pattern of a file's name", "without slash or blank, at most 120")
ProductId = text(rf"^{PRODUCT_ID}$", "a product id", "such as M143947267LE")
Switch = Annotated[bool, BeforeValidator(_switch)]
Day = Annotated[str, AfterValidator(_day), Words("a day", "such as 2010-01-31")]
Range = span(ge=0)
PositiveRange = span(gt=0)
