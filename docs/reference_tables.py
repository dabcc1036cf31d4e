"""Write the tables of the docs that the code knows, between their marks: python docs/reference_tables.py

A mark is a line ``<!-- table NAME -->``; the table ends at ``<!-- end of table -->``. A test fails where a table is not
that of the code.
"""

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "workflow"))

from imfmap.fractures import column_texts as texts  # noqa: E402
from imfmap.fractures import fracture_columns as columns  # noqa: E402
from imfmap.products import product_files  # noqa: E402

TABLES: dict[str, dict[str, Callable[[], str]]] = {
    "docs/products.md": {
        "products": product_files.markdown,
        "shapefile fields": texts.shapefile_markdown,
    },
    "docs/morphometry.md": {
        "columns of fractures": partial(texts.markdown, columns.FRACTURES),
        "columns of centrelines": partial(texts.markdown, columns.CENTRELINES),
        "columns of segments": partial(texts.markdown, columns.SEGMENTS),
        "columns of candidate_ponds": partial(texts.markdown, columns.PONDS),
    },
}
_MARKED = re.compile(r"(<!-- table (.+?) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def marks(text: str) -> list[str]:
    """Names of the tables that a text has marks for."""
    return [name for _, name, _ in _MARKED.findall(text)]


def with_tables(text: str, tables: dict[str, Callable[[], str]]) -> str:
    """The text with each marked table as the code has it."""
    return _MARKED.sub(lambda found: f"{found[1]}{tables[found[2]]()}\n{found[3]}", text)


if __name__ == "__main__":
    for name, tables in TABLES.items():
        path = REPOSITORY / name
        path.write_text(with_tables(path.read_text(), tables))
