"""The rules of the workflow, read from their files."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_BEGINS = re.compile(r"( *)(?:rule|checkpoint) (\w+):$")


def rule_files() -> list[Path]:
    """Return the Snakefile and the files that it includes."""
    return [REPOSITORY / "Snakefile", *sorted((REPOSITORY / "workflow" / "rules").glob("*.smk"))]


def rules() -> dict[str, str]:
    """Return the text of each rule and checkpoint, by its name."""
    texts = {}
    for path in rule_files():
        name, indent = None, 0
        for line in path.read_text().splitlines(keepends=True):
            begins = _BEGINS.match(line)
            if begins:
                name, indent = begins[2], len(begins[1])
                texts[name] = ""
            elif line.strip() and len(line) - len(line.lstrip()) <= indent:
                name = None
            elif name:
                texts[name] += line
    return texts


def names() -> set[str]:
    """Return the names of all rules and checkpoints, without the rules that are named after targets."""
    return set(rules())
