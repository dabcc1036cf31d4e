"""Words about the layers of fractures and images and their columns: for GeoPackages, QGIS and the docs.

The module imports nothing of the library but the table of columns.
"""

from .fracture_columns import (
    CENTRELINES,
    FOOTPRINTS,
    FRACTURES,
    PONDS,
    REJECTED,
    SEGMENTS,
    SHAPEFILE_FIELDS,
    columns_of,
)

MEANINGS = {
    FRACTURES: "Impact melt fractures that count: outlines and measures",
    REJECTED: "Detections that were rejected, with the reason",
    CENTRELINES: "Longest path and branches of each fracture, with width profiles",
    SEGMENTS: "Pieces of the centrelines between junctions and tips",
    PONDS: "Places outside the mapped floor and ponds where fractures cluster",
    FOOTPRINTS: "Outlines of the images, with time, Sun and angles",
}


def texts_of(layer: str) -> dict[str, tuple[str, str]]:
    """Return title and meaning of each column of a layer, by its name."""
    meaning_of = FRACTURES if layer == REJECTED else layer
    return {
        column.name: (column.title, column.meaning.get(meaning_of) or column.meaning[layer])
        for column in columns_of(layer)
    }


def markdown(layer: str) -> str:
    """Return a layer's columns as a Markdown table for the docs."""
    rows = [f"| `{column.name}` | {column.unit} | {column.meaning[layer]} |" for column in columns_of(layer)]
    return "\n".join(["| column | unit | what it is |", "|---|---|---|", *rows])


def shapefile_markdown() -> str:
    """Return the shapefile's names as a Markdown table for the docs."""
    rows = [f"| `{short}` | `{name}` |" for name, short in SHAPEFILE_FIELDS.items()]
    return "\n".join(["| shapefile | GeoPackage |", "|---|---|", *rows])
