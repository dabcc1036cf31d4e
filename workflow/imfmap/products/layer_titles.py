"""Titles of layers, the same in QGIS and in the viewer."""

TITLES = {
    "fractures": "Fractures",
    "centrelines": "Centrelines",
    "segments": "Segments between junctions",
    "candidate_ponds": "Candidate melt ponds",
    "rejected": "Rejected",
    "footprints": "Image outlines",
    "floor": "Crater floor",
    "ponds": "Melt ponds",
    "probability": "Probability of fracture",
    "density": "Density of fractures, km/km²",
    "mosaic_sources": "Image that the mosaic shows, by number",
    "mosaic": "Mosaic",
}


def title_of(name: str) -> str:
    """Return the title of a layer of vectors; one that is not known is named as in its file."""
    return TITLES.get(name, name.replace("_", " ").capitalize())
