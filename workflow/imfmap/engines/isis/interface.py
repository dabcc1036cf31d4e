"""Parameters that ISIS's programs take, and checks of a command against them, as ISIS's own `IsisAml` makes them.

Two checks are stricter than ISIS's. Names and options must be written in full, while ISIS takes any clear beginning of
them. A needed parameter may be left out only if the chosen options rule it out. ISIS is content if any option would: it
accepts ``spiceinit shape=user`` without a model, which fails later.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import InputError

TABLE = Path(__file__).with_name("interface.json")
_TRUE, _FALSE = ("yes", "true", "y", "t"), ("no", "false", "n", "f")


@cache
def interface() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the facts of each parameter of each program.

    The facts are type, mode, default, whether it is needed, range, options, and which other parameters it needs or
    excludes.

    Made by ``resources/isis_interface.py`` from the interface definitions of ISIS 8.3.
    """
    return json.loads(TABLE.read_text())


def text_of(value: Any) -> str:
    """Return a value as ISIS reads it on a command line: yes or no, numbers without an exponent."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return np.format_float_positional(value, trim="-")
    return str(value)


def check_command(program: str, parameters: Mapping[str, Any]) -> None:
    """Check a command against the interface of its program.

    Parameters
    ----------
    program : str
    parameters : mapping
        Numbers, truth values, texts or paths, by names in lower case.

    Raises
    ------
    InputError
        For the first fault: program, parameter, what was found, what is allowed.
    """
    known = interface().get(program)
    if known is None:
        raise InputError(program, "is no ISIS program of this workflow", f"use one of {', '.join(interface())}")
    given = {name: text_of(value) for name, value in parameters.items()}
    for name, text in given.items():
        if name not in known:
            raise InputError(program, f"has no parameter {name}", f"allowed: {', '.join(known)}")
        _check_value(f"{program}: {name}", known[name], text)
    call = _Call(program, known, given)
    for name in known:
        call.check_relations(name)
    for name in known:
        call.check_needed(name)


def _check_value(where, known, text):
    kind = known["type"]
    if kind in ("integer", "double"):
        _check_number(where, known, text)
    elif kind == "boolean" and text.lower() not in _TRUE + _FALSE:
        raise InputError(where, f"is '{text}'", "use yes or no")
    elif kind in ("cube", "filename"):
        _check_path(where, kind, text)
    if "options" in known and text.upper() not in known["options"]:
        raise InputError(where, f"is '{text}'", f"use one of {', '.join(known['options'])}")


def _check_number(where, known, text):
    try:
        number = int(text) if known["type"] == "integer" else float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        wanted = "whole number" if known["type"] == "integer" else "number"
        raise InputError(where, f"is '{text}', no {wanted}", f"give a {wanted}")
    for end, sign, words in (("minimum", 1, ("above", "at least")), ("maximum", -1, ("below", "at most"))):
        if end in known:
            limit, inclusive = known[end]
            if sign * number < sign * limit or (number == limit and not inclusive):
                raise InputError(where, f"is {text}", f"give a number {words[inclusive]} {limit:g}")


def _check_path(where, kind, text):
    if not text:
        raise InputError(where, "is empty", "name a file")
    # Characters that ISIS does not take for a part of the name.
    for sign, meaning in (("(", "a list"), ("$", "a variable"), ("+", "an attribute of the cube")):
        found = text.startswith(sign) if sign == "(" else sign in text
        if found and (sign != "+" or kind == "cube"):
            raise InputError(where, f"is '{text}'; ISIS takes '{sign}' for {meaning}", "rename the folder or file")


class _Call:
    """One program and the parameters that it is given."""

    def __init__(self, program, known, given):
        self._program, self._known, self._given = program, known, given

    def check_relations(self, name):
        """Check that the parameters that one needs are given, and those that it excludes are not."""
        known = self._known[name]
        for other in self._needed_by(name):
            if not self._filled(other):
                raise self._error(other, f"is not given, {name} needs it", f"give {other}")
        for other in self._barred(name):
            if other in self._given:
                raise self._error(other, f"cannot be given beside {name}={self._text(name)}", "leave one of them out")
        for relation, words, sign in (("greater_than", "above", 1), ("less_than", "below", -1)):
            other = known.get(relation)
            if (
                name in self._given
                and other in self._given
                and sign * float(self._given[name]) <= sign * float(self._given[other])
            ):
                raise self._error(
                    name, f"is {self._given[name]}, {other} is {self._given[other]}", f"it must be {words} {other}"
                )

    def check_needed(self, name):
        """Check that a needed parameter is given, or ruled out by the chosen options."""
        if not self._known[name]["needed"] or name in self._given:
            return
        barred = any(name in self._barred(other) for other in self._known)
        off = any(
            known["type"] == "boolean" and name in known.get("inclusions", ()) and not self._true(other)
            for other, known in self._known.items()
        )
        if not (barred or off):
            raise self._error(name, "is not given", f"give {name}")

    def _text(self, name):
        return self._given.get(name, self._known[name].get("default", ""))

    def _true(self, name):
        return self._text(name).lower() in _TRUE

    def _filled(self, name):
        # An empty default (lronaccal's darkfile) does not count.
        known = self._known[name]
        return name in self._given or (known["default"] != "" if "default" in known else not known["needed"])

    def _chosen(self, name):
        return self._known[name].get("options", {}).get(self._text(name).upper(), {})

    def _active(self, name):
        return self._true(name) if self._known[name]["type"] == "boolean" else name in self._given

    def _needed_by(self, name):
        asked = self._known[name].get("inclusions", []) if self._active(name) else []
        return [*asked, *self._chosen(name).get("inclusions", [])]

    def _barred(self, name):
        barred = self._known[name].get("exclusions", []) if self._active(name) else []
        return [*barred, *self._chosen(name).get("exclusions", [])]

    def _error(self, name, found, remedy):
        return InputError(f"{self._program}: {name}", found, remedy)
