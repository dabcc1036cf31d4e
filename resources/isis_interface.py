"""Make workflow/imfmap/engines/isis/interface.json anew: what the ISIS programs of this workflow take.

python resources/isis_interface.py app_parameters.json, where that file holds the interface definitions of ISIS's
programs (the XML beside each program's source) as nested mappings.
"""

import json
import sys
from pathlib import Path

PROGRAMS = (
    "lronac2isis",
    "spiceinit",
    "lronaccal",
    "lronacecho",
    "lronacpho",
    "mosrange",
    "maptemplate",
    "cam2map",
    "equalizer",
    "automos",
)
TABLE = Path(__file__).resolve().parents[1] / "workflow" / "imfmap" / "engines" / "isis" / "interface.json"
COPIED = ("type", "options", "exclusions", "inclusions", "minimum", "maximum")
# The definitions name the other side of these two relations; the file given here does not. In all of these programs
# it is the other end of the same range.
ENDS = {"greaterThan": ("greater_than", "max", "min"), "lessThan": ("less_than", "min", "max")}


def parameter(name, told):
    """What is known of one parameter, without what is usual."""
    known = {key: told[key] for key in COPIED if key in told}
    if "fileMode" in told:
        known["mode"] = told["fileMode"]
    if "default" in told:
        known["default"] = told["default"][0]
    # A parameter with an internal default may be left out, whatever it is called.
    known["needed"] = bool(told["required"])
    for end in ("minimum", "maximum"):
        if end in told:
            known[end] = [float(told[end]), told[f"{end}_inclusive"] in ("yes", "true")]
    for key, (relation, ours, other) in ENDS.items():
        if key in told:
            known[relation] = name.replace(ours, other, 1)
    return known


def main(source, out=TABLE):
    """Make the table, by default at its place."""
    definitions = json.loads(Path(source).read_text())
    table = {
        program: {name: parameter(name, told) for name, told in sorted(definitions[program]["parameters"].items())}
        for program in sorted(PROGRAMS)
    }
    lines = []
    for program, parameters in table.items():
        rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(known)}" for name, known in parameters.items())
        lines.append(f" {json.dumps(program)}: {{\n{rows}\n }}")
    Path(out).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
