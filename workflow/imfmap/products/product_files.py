"""Table of all products of a target and of a run: name, title, media type, purpose, and the setting that asks for it.

The rules, the STAC catalogue, the summary at the end of a run and the docs read this table. Every job of a run imports
it, so that it needs only the standard library.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..core.checksums import FOLDER_SUMS
from ..core.media_types import CLOUD_OPTIMIZED_GEOTIFF, GEOTIFF, media_type

# Conditions that a target must meet to have a file.
BOUNDARY, TRUTH = "a crater floor is mapped", "the target is simulated"


@dataclass(frozen=True)
class ProductFile:
    """One file, or one folder.

    Attributes
    ----------
    name : str
        Path below the folder of the target or of the run; ``{product}`` and ``{model}`` stand for names.
    title : str
        Title of the file in the STAC catalogue.
    roles : tuple of str
        Roles in the STAC catalogue; a file without roles is not in the catalogue.
    description : str
        What it is. Files with the same description are one product in several formats.
    asked_by : str or None
        Key of `products` in the configuration that asks for it; None if it is always made.
    condition : str or None
        `BOUNDARY` or `TRUTH`; None if every target has it.
    kind : str or None
        Media type; by default that of the suffix.
    opened : str
        File to open, if it is a folder.
    announced : int or None
        Place in the list of files at the end of a run; None if it is not listed.
    """

    name: str
    title: str
    roles: tuple[str, ...]
    description: str
    asked_by: str | None = None
    condition: str | None = None
    kind: str | None = None
    opened: str = ""
    announced: int | None = None

    @property
    def path(self) -> str:
        """Path of the file to open: the file itself, or the one in the folder."""
        return f"{self.name}/{self.opened}" if self.opened else self.name

    @property
    def known_by(self) -> str:
        """Path of the file by which rules know it: the file itself, or the list of the files in the folder."""
        return f"{self.name}/{FOLDER_SUMS}" if self.opened else self.name

    @property
    def media_type(self) -> str:
        """Media type of the file to open."""
        return self.kind or media_type(self.path)


_COG = CLOUD_OPTIMIZED_GEOTIFF
_DATA, _OVERVIEW, _METADATA = ("data",), ("overview",), ("metadata",)
_DENSITY = "length and number of fractures over the ground"
_ROSE = "rose diagram of orientations"
_DEPTH = "depth of fractures over their width"
_DISTANCES = "distances to the wall against random sets"
_MEASURES = "errors of the measures against the exact truth"
_MAP = "the map"
_SHEET = "figure sheet of the crater at three scales"
_REJECTED = "figure sheet of what was rejected"

# Files of a target, in the order of its catalogue.
TARGET_FILES = (
    ProductFile(
        "mosaic.tif",
        "Mosaic, 8 bit",
        ("data", "visual"),
        "8-bit mosaic, 0 for no data; the tags tell the stretch",
        kind=_COG,
    ),
    ProductFile(
        "mosaic_sources.tif",
        "Image that each pixel of the mosaic came from",
        ("data-mask",),
        "image that each pixel of the mosaic came from: its place in the tag `IMF_PRODUCTS`, from 1",
        kind=_COG,
    ),
    ProductFile(
        "probability.tif",
        "Probability of fracture, 0.004 a step",
        _DATA,
        "probability of fracture, 0.004 a step (GIS programs show 0..1), 255 for no data",
        kind=_COG,
        announced=7,
    ),
    ProductFile(
        "fractures.gpkg",
        "Fractures, their centrelines and segments, candidate ponds, and what was rejected, styled",
        _DATA,
        "fractures, their centrelines with width profiles, the segments between their junctions, candidate ponds, and "
        "what was rejected, each with its style",
        announced=6,
    ),
    ProductFile(
        "fractures.geojson",
        "Fractures in lunar longitude and latitude",
        _DATA,
        "fractures in planetocentric longitude and latitude",
    ),
    ProductFile(
        "fractures.shp", "Fractures as shapefile", _DATA, "fractures as shapefile, under names of 10 characters"
    ),
    ProductFile(
        "fractures.parquet",
        "Fractures as GeoParquet",
        _DATA,
        "fractures as GeoParquet, for databases and large collections",
    ),
    ProductFile("fractures.csv", "Numbers of each fracture", _DATA, "numbers of each fracture, without its outline"),
    ProductFile("width_profiles.csv", "Width along each fracture", _DATA, "width along each fracture"),
    ProductFile("density.tif", "Fractures over the ground: km per km2, number per km2", _DATA, _DENSITY, kind=_COG),
    ProductFile("density.png", "Density of fractures", _OVERVIEW, _DENSITY),
    ProductFile("density.pdf", "Density of fractures, to print", _OVERVIEW, _DENSITY),
    ProductFile("rose.png", "Rose diagram of orientations", _OVERVIEW, _ROSE),
    ProductFile("rose.pdf", "Rose diagram of orientations, to print", _OVERVIEW, _ROSE),
    ProductFile("depth.png", "Depth of fractures over their width", _OVERVIEW, _DEPTH),
    ProductFile("depth.pdf", "Depth of fractures over their width, to print", _OVERVIEW, _DEPTH),
    ProductFile("distances.png", "Distances to the wall", _OVERVIEW, _DISTANCES, condition=BOUNDARY),
    ProductFile("distances.pdf", "Distances to the wall, to print", _OVERVIEW, _DISTANCES, condition=BOUNDARY),
    ProductFile("measures.csv", "Errors of the measures against the truth", _METADATA, _MEASURES, condition=TRUTH),
    ProductFile("measures.png", "Errors of the measures against the truth", _METADATA, _MEASURES, condition=TRUTH),
    ProductFile(
        "measures.pdf", "Errors of the measures against the truth, to print", _METADATA, _MEASURES, condition=TRUTH
    ),
    ProductFile(
        "footprints.gpkg", "Outlines of the images", _METADATA, "outlines of the images, with time, Sun and angles"
    ),
    ProductFile(
        "statistics.csv", "Statistics", _METADATA, "numbers of `summary.json`, each by its path in it, joined by dots"
    ),
    ProductFile("summary.json", "Statistics and settings", _METADATA, "counts, statistics, settings and images"),
    ProductFile("map.png", "Map", _OVERVIEW, _MAP, announced=0),
    ProductFile("map.pdf", "Map to print", _OVERVIEW, _MAP),
    ProductFile("overview.png", "Figure sheet at three scales", _OVERVIEW, _SHEET, asked_by="sheets"),
    ProductFile(
        "overview.pdf", "Figure sheet at three scales, to print", _OVERVIEW, _SHEET, asked_by="sheets", announced=1
    ),
    ProductFile("rejected.png", "Figure sheet of what was rejected", _OVERVIEW, _REJECTED, asked_by="sheets"),
    ProductFile(
        "rejected.pdf",
        "Figure sheet of what was rejected, to print",
        _OVERVIEW,
        _REJECTED,
        asked_by="sheets",
        announced=2,
    ),
    ProductFile("map.qgz", "QGIS project", _METADATA, "QGIS project", asked_by="qgis", announced=5),
    ProductFile(
        "viewer",
        "Viewer",
        _OVERVIEW,
        "the map to open in a browser",
        asked_by="viewer",
        opened="index.html",
        announced=4,
    ),
    ProductFile("stac", "STAC collection", (), "STAC collection", asked_by="stac", opened="collection.json"),
)

# Files of each image of a target.
IMAGE_FILES = (
    ProductFile(
        "projected/{product}.tif",
        "Calibrated image on the map, I/F",
        _DATA,
        "each image on the map, float32 I/F, with its Sun in the tags",
        kind=GEOTIFF,
    ),
    ProductFile(
        "probability/{product}.tif",
        "Probability of fracture",
        _DATA,
        "probability of fracture of each image (recipe `sun_aligned`)",
        kind=_COG,
    ),
)
PROJECTED, PROBABILITY = IMAGE_FILES

# Files of a run.
RUN_FILES = (
    ProductFile("fractures.gpkg", "", (), "the fractures of all maps in one file", announced=16),
    ProductFile("fractures.parquet", "", (), "the fractures of all maps as GeoParquet"),
    ProductFile("catalog.json", "STAC catalogue", (), "STAC catalogue", asked_by="stac", announced=8),
    ProductFile("coarse/table.html", "", (), "the maps beside those of coarser images", announced=3),
    ProductFile("models/{model}/checkpoint.pt", "", (), "the trained network"),
    ProductFile("models/{model}/model.onnx", "", (), "the network for other programs, such as QGIS's plugin Deepness"),
    ProductFile("models/{model}/curves.png", "", (), "training curves", announced=9),
    ProductFile("models/{model}/calibrated.pt", "", (), "the network with calibrated probabilities", announced=14),
    ProductFile("models/{model}/calibration.png", "", (), "how far it keeps its word, and what it finds", announced=15),
    ProductFile("benchmark_set.md", "", (), "what the simulated set holds", announced=10),
    ProductFile("evaluation/table.html", "", (), "scores on craters unseen in training", announced=11),
    ProductFile("provenance/run.json", "", (), "configuration, code, checksums, lineage", announced=12),
    ProductFile("ro-crate-metadata.json", "", (), "the same as an RO-Crate", announced=13),
)


def wanted(asked: Mapping[str, bool], holds: Collection[str] = ()) -> list[ProductFile]:
    """Return the files of a target that are to be made.

    Parameters
    ----------
    asked : mapping of str to bool
        Section `products` of the configuration.
    holds : collection of str
        Conditions that the target meets: `BOUNDARY`, `TRUTH`.

    Returns
    -------
    list of ProductFile
    """
    return [
        file
        for file in TARGET_FILES
        if (file.asked_by is None or asked[file.asked_by]) and (file.condition is None or file.condition in holds)
    ]


def announced() -> list[tuple[str, str]]:
    """Return patterns of the files to list at the end of a run, below the run's folder, and what each is.

    Returns
    -------
    list of (str, str)
        In the order of the list.
    """
    rows = [(file, "*/") for file in TARGET_FILES] + [(file, "") for file in RUN_FILES]
    rows = sorted((row for row in rows if row[0].announced is not None), key=lambda row: row[0].announced)
    return [(folder + file.path.replace("{model}", "*"), _with_formats(file)) for file, folder in rows]


def _with_formats(file):
    others = [other.name for other in TARGET_FILES if other.description == file.description and other is not file]
    return f"{file.description} (and {', '.join(others)})" if others else file.description


def markdown() -> str:
    """Return a Markdown table of a target's files for the docs: one row for each product, with all its formats."""
    rows = {}
    for file in TARGET_FILES:
        shown = f"{file.name}/" if not PurePosixPath(file.name).suffix else file.name
        rows.setdefault(file.description, []).append((file, f"`{shown}`"))
    lines = []
    for description, files in rows.items():
        first = files[0][0]
        only = f"`products.{first.asked_by}` asks for it" if first.asked_by else first.condition or ""
        lines.append(f"| {', '.join(name for _, name in files)} | {description} | {only} |")
    return "\n".join(["| file | what it is | only where |", "|---|---|---|", *lines])
