"""HTML pages, made from the templates beside this file."""

from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from ...core.files import replacing

_UNITS = ("B", "kB", "MB", "GB", "TB")


def write_page(path: str | Path, template: str, **content: Any) -> None:
    """Write an HTML page that needs no other file.

    Parameters
    ----------
    path : path
    template : str
        File name of a Jinja template in this package.
    **content
        Values of the template's variables.
    """
    texts = jinja2.FunctionLoader(lambda name: resources.files(__package__).joinpath(name).read_text())
    engine = jinja2.Environment(
        loader=texts, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    engine.filters |= {"size": size, "duration": duration}
    with replacing(path) as temporary:
        temporary.write_text(engine.get_template(template).render(**content))


def size(count: int | None) -> str:
    """Return a number of bytes as text with a unit; a dash for None."""
    if count is None:
        return "–"
    exponent = next((place for place in range(len(_UNITS) - 1, 0, -1) if count >= 1000**place), 0)
    return f"{count / 1000**exponent:.{0 if exponent == 0 else 1}f} {_UNITS[exponent]}"


def duration(seconds: float | None) -> str:
    """Return a time in seconds as text with a unit; a dash for None."""
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
