"""Write workflow/imfmap/engines/isis/interface.json: the parameters of the ISIS programs of this workflow.

Run ``python resources/isis_interface.py app_parameters.json``. That file holds the interface definitions of ISIS's
programs (the XML beside each program's source) as nested mappings.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
# These two relations hold between two parameters. The file does not name the second one; in all of these programs it is
# the other end of the same range.
ENDS = {"greaterThan": ("greater_than", "max", "min"), "lessThan": ("less_than", "min", "max")}


def parameter(name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of one parameter that the table holds.

    Parameters
    ----------
    name : str
    definition : mapping
        Its interface definition.
    """
    known = {key: definition[key] for key in COPIED if key in definition}
    if "fileMode" in definition:
        known["mode"] = definition["fileMode"]
    if "default" in definition:
        known["default"] = definition["default"][0]
    # A parameter with an internal default may be left out, whatever it is called.
    known["needed"] = bool(definition["required"])
    for end in ("minimum", "maximum"):
        if end in definition:
            known[end] = [float(definition[end]), definition[f"{end}_inclusive"] in ("yes", "true")]
    for key, (relation, ours, other) in ENDS.items():
        if key in definition:
            known[relation] = name.replace(ours, other, 1)
    return known


def main(source: str | Path, out: str | Path = TABLE) -> None:
    """Write the table from the interface definitions."""
    definitions = json.loads(Path(source).read_text())
    table = {
        program: {
            name: parameter(name, definition) for name, definition in sorted(definitions[program]["parameters"].items())
        }
        for program in sorted(PROGRAMS)
    }
    lines = []
    for program, parameters in table.items():
        rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(known)}" for name, known in parameters.items())
        lines.append(f" {json.dumps(program)}: {{\n{rows}\n }}")
    Path(out).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
