"""Errors of a configuration in words: the key, what was found, what is allowed."""

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from ...core.texts import LONGEST_SHOWN, shortened
from .fields import Section, Words

_OUT_OF_RANGE = ("greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of")
_PLAIN = {bool: "true or false", str: "text", NoneType: "null"}
_EMPTY = ("string_too_short", "too_short", "too_long")


@dataclass(frozen=True)
class _Place:
    """The place of a fault.

    Attributes
    ----------
    path : tuple
        Keys and indices that lead to the value.
    annotation : type
        Type of the value.
    is_choice : bool
        Whether the value may have one of several types, and fits none of them.
    is_key : bool
        Whether the fault is in a key of the mapping at this place.
    """

    path: tuple
    annotation: Any
    is_choice: bool = False
    is_key: bool = False

    @property
    def key(self):
        """str: the path as messages write it."""
        return ".".join(map(str, self.path)) or "(top level)"


def explain(problems: Sequence[Mapping[str, Any]], model: type[Section]) -> tuple[str, str]:
    """Explain the first fault of a configuration.

    Parameters
    ----------
    problems : sequence of mapping
        The errors that pydantic found (`pydantic.ValidationError.errors`).
    model : type
        The model that found them.

    Returns
    -------
    tuple of str
        What was found, with its key, and what to do.
    """
    places = [(_place(problem["loc"], model), problem) for problem in problems]
    # If a value may be a list or a text, a fault within the list is the one to explain.
    deeper = {place.path[:depth] for place, _ in places for depth in range(len(place.path))}
    counted = [each for each in places if not (each[0].is_choice and each[0].path in deeper)]
    place, problem = min(counted, key=lambda each: [str(part) for part in each[0].path])
    found, remedy = _found_and_remedy(place, problem)
    return f"{place.key}: {found}", remedy


@cache
def words_of(annotation: Any) -> Words:
    """Return a type in words. For a list, the kind also describes the items and their limits."""
    if annotation in _PLAIN:
        return Words(_PLAIN[annotation])
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        own = next((words for words in inner[1:] if isinstance(words, Words)), None)
        if get_origin(inner[0]) is list:
            return Words(f"{own.kind if own else 'a list'}, each {phrase(get_args(inner[0])[0])}")
        return own or words_of(inner[0])
    if origin is Literal:
        return Words(f"one of {', '.join(map(value_in_words, inner))}" if len(inner) > 1 else value_in_words(inner[0]))
    if origin in (Union, UnionType):
        first, *others = map(phrase, inner)
        return Words(f"{first}{',' * (',' in first)} or {' or '.join(others)}")
    return Words("a mapping of keys to values")


def phrase(annotation: Any) -> str:
    """Return a type in words, followed by its limits."""
    words = words_of(annotation)
    return f"{words.kind}, {words.limits}" if words.limits else words.kind


def value_in_words(value: Any) -> str:
    """Return a value as YAML writes it, shortened if it is long."""
    if isinstance(value, list):
        return shortened(f"[{', '.join(map(value_in_words, value))}]")
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{'-' * (value < 0)}.inf"
    return shortened(value)


def near(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean x?)" with the most similar known name; an empty text if none is similar."""
    name, known = str(name), [str(each) for each in known]
    # "resolution" stands for "resolution_m".
    similar = [each for each in known if each.startswith(f"{name}_")] or difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {similar[0]}?)" if similar else ""


@cache
def types_of(section: type[Section]) -> dict[str, Any]:
    """Return the type of each key of a section, in the order of the model."""
    hints = get_type_hints(section, include_extras=True)
    return {name: hints[name] for name in section.model_fields}


def _place(loc, annotation):
    """Find the place of a fault from pydantic's location and the type of the whole."""
    path = []
    for number, part in enumerate(loc):
        annotation = _bare(annotation)
        origin, inner = get_origin(annotation), get_args(annotation)
        if isinstance(annotation, type) and issubclass(annotation, Section):
            if part not in annotation.model_fields:
                break
            path.append(part)
            annotation = types_of(annotation)[part]
        elif origin is dict:
            if loc[number + 1 :] == ("[key]",):
                return _Place(tuple(path), inner[0], is_key=True)
            path.append(part)
            annotation = inner[1]
        elif origin is list:
            path.append(part)
            annotation = inner[0]
        elif origin in (Union, UnionType):
            lists = [member for member in inner if get_origin(_bare(member)) is list]
            if not (lists and "list[" in str(part) and number + 1 < len(loc)):
                return _Place(tuple(path), annotation, is_choice=True)
            annotation = lists[0]
    return _Place(tuple(path), annotation)


def _bare(annotation):
    """Return a type without its annotations, and without null as an alternative."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        others = [member for member in get_args(annotation) if member is not NoneType]
        if len(others) == 1:
            return _bare(others[0])
    return annotation


def _found_and_remedy(place, problem):
    """Return what was found at a place, and what to do."""
    kind, value, words = problem["type"], problem["input"], words_of(place.annotation)
    quoted = repr(value) if isinstance(value, str) else ""
    shown = quoted if quoted and len(quoted) <= LONGEST_SHOWN + 2 else value_in_words(value)
    if kind == "fault":
        return problem["ctx"]["found"], problem["ctx"]["remedy"]
    if kind == "extra_forbidden":
        known, name = _bare(place.annotation).model_fields, problem["loc"][-1]
        return f"unknown key '{shortened(name)}'{near(name, known)}", f"allowed: {', '.join(known)}"
    if kind == "missing":
        return "is missing", f"give {phrase(place.annotation)}"
    if place.is_key:
        return f"the name '{value}' has the wrong form", f"give {phrase(place.annotation)}"
    options = _options(place.annotation)
    if place.is_choice or (options and kind == "literal_error"):
        return f"{shown} is not allowed{near(value, options)}", f"use {phrase(place.annotation)}"
    if kind in _OUT_OF_RANGE:
        limits = words_of(_without_null(place.annotation)).limits
        return f"{shown} is out of range", f"allowed: {limits}"
    if kind == "string_pattern_mismatch":
        return f"{shown} has the wrong form", f"give {phrase(place.annotation)}"
    if kind in _EMPTY and not value:
        return "is empty", f"give {phrase(place.annotation)}"
    if value is None:
        return "has no value", f"give {phrase(place.annotation)}, or leave the key out"
    remedy = f"give {phrase(place.annotation)}"
    if isinstance(value, str) and words.kind.endswith("number") and _is_number(value):
        remedy = f"write {shortened(_as_yaml_reads_it(value))} without quotes ({phrase(place.annotation)})"
    wanted = words_of(_without_null(place.annotation)).kind
    if wanted == _PLAIN[bool]:
        return f"{shown} is neither true nor false", remedy
    if _bare(place.annotation) is str and wanted != "an address" and not isinstance(value, list | dict):
        remedy = f"put it in quotes: '{value_in_words(value)}'"
    # For a list, the remedy says what each item must be.
    return f"{shown} is no {wanted.split(',')[0].removeprefix('a ').removeprefix('an ')}", remedy


def _options(annotation):
    """Return the words that a type allows."""
    bare = _bare(annotation)
    if get_origin(bare) is Literal:
        return get_args(bare)
    return [option for member in get_args(bare) for option in _options(member)]


def _without_null(annotation):
    """Return a type without null as an alternative."""
    if get_origin(annotation) in (Union, UnionType):
        others = [member for member in get_args(annotation) if member is not NoneType]
        return others[0] if len(others) == 1 else annotation
    return annotation


def _as_yaml_reads_it(value):
    """Return a number as text in the form that YAML takes for a number: 1e-4 as 1.0e-4."""
    digits, *exponent = re.split("[eE]", value)
    if not exponent:
        return value
    sign = "" if exponent[0][:1] in "+-" else "+"
    return f"{digits if '.' in digits else f'{digits}.0'}e{sign}{exponent[0]}"


def _is_number(value):
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False
