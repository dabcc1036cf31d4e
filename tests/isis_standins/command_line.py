"""Command lines as ISIS reads them: names and values of parameters, their checks, and errors on standard error."""

import json
import os
import signal
import sys
from pathlib import Path

from imfmap.core.errors import InputError
from imfmap.engines.isis.interface import check_command, interface

# What is to go wrong with a product, of a program that calls it a success.
SPOILED = ("NULL", "ZERO", "SIZE")


class Refused(Exception):
    """An error with the message that ISIS would print."""


def main(program, arguments):
    """Run a stand-in and end the process."""
    try:
        parameters = parse(program, arguments)
        if "IMF_STANDIN_CALLS" in os.environ:
            with open(os.environ["IMF_STANDIN_CALLS"], "a") as file:
                file.write(json.dumps([program, parameters]) + "\n")
        fail(program, parameters)
        from . import programs  # imported here, so that an error is quick

        defaults = {
            name: known["default"] for name, known in interface()[program].items() if known.get("default", "") != ""
        }
        getattr(programs, program)({**defaults, **parameters})
        spoil_product(program, parameters)
    except (Refused, InputError) as error:
        print(f"**USER ERROR** {error}.", file=sys.stderr)
        sys.exit(1)


def parse(program, arguments):
    """Return the checked parameters of a command line. Reserved ones (-log) are accepted and ignored."""
    parameters = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if not equals:
            raise Refused(f"Unknown parameter [{argument}]")
        if not name.startswith("-"):
            parameters[name.lower()] = value
    check_command(program, parameters)
    return parameters


def wanted(program, parameters):
    """Return the failure that is requested for this call, or None."""
    fails = json.loads(os.environ.get("IMF_STANDIN_FAILS", "{}")).get(program, {})
    # Temporary names begin with a dot.
    product = Path(parameters.get("from", "")).name.lstrip(".").split(".")[0]
    return fails.get(product, fails.get("*"))


def fail(program, parameters):
    """End with the requested message, or by the requested signal, instead of working."""
    text = wanted(program, parameters)
    if text is None or text in SPOILED:
        return
    if text.startswith("SIG"):
        os.kill(os.getpid(), signal.Signals[text])
    stdout, _, stderr = text.rpartition("\n--\n")
    print(stdout)
    raise Refused(stderr)


def spoil_product(program, parameters):
    """Leave an unusable product with exit status 0, as ISIS programs did."""
    kind = wanted(program, parameters)
    if kind is None:
        return
    from .cubefile import spoil

    spoil(parameters.get("to", parameters["from"]), kind)
