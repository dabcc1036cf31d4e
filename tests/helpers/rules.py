"""The rules of the workflow, as their files name them."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_RULE = re.compile(
    r"^ *(?:rule|checkpoint) (\w+):\n(.*?)(?=^ *(?:rule|checkpoint|if|else|def|for)\b|\Z)", re.MULTILINE | re.DOTALL
)


def rule_files() -> list[Path]:
    """The Snakefile, and the files that it includes."""
    return [REPOSITORY / "Snakefile", *sorted((REPOSITORY / "workflow" / "rules").glob("*.smk"))]


def rules() -> dict[str, str]:
    """Text of each rule and checkpoint, by its name."""
    return {name: body for path in rule_files() for name, body in _RULE.findall(path.read_text())}


def names() -> set[str]:
    """Names of all rules and checkpoints; those of targets, which the config names, are not among them."""
    return set(rules())
