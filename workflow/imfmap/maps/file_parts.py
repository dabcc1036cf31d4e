"""Files that belong together: what GDAL reads beside a raster or a vector file, and the files that a VRT names.

It is known from names and from the text of the files, without GDAL: the workflow asks for it as it starts, in an
environment that may have nothing but Snakemake.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from ..core.errors import InputError

# Beside any file, with these endings in place of its own: header, reference system, world file, old statistics of
# ERDAS (they may hold a reference system), and the parts of shapefiles and of MapInfo's files.
_INSTEAD = (".hdr", ".prj", ".wld", ".tab", ".aux", ".shp", ".shx", ".dbf", ".cpg", ".map", ".id", ".mid")
# Beside any file, with these after its whole name: what GDAL keeps of a raster, its mask and overviews, a header of
# ENVI; edits of a GeoPackage that are not in the file yet.
_AFTER = (".aux.xml", ".msk", ".ovr", ".hdr", "-wal", "-journal")
# The pixels of a label that is a file of its own.
_PIXELS = (".cub", ".img", ".dat", ".qub")
_LABELS = (".lbl", ".xml")
_POINTER = re.compile(rb"(?mi)^\s*\^\w+\s*=\s*\(?\s*\"?([^\s\",()]+\.\w+)")
_LABEL_BYTES = 1 << 16
# Elements of a VRT that name a file, of rasters and of vectors.
_SOURCES = ("SourceFilename", "SourceDataset", "SrcDataset", "SrcDataSource")
_VRT, _VRT_BYTES = re.compile(rb"<(VRTDataset|OGRVRTDataSource)\b"), 1024
# What GDAL and QGIS write when somebody only looks at a raster.
_LOOKED_AT = "STATISTICS_"


def parts_of(path: str | Path) -> list[Path]:
    """Return the files that are read where one file is named: the file itself, then the others by name.

    Parameters
    ----------
    path : path
        A file; or a folder, whose parts are all files below it.
    """
    first = Path(path)
    if first.is_dir():
        return sorted(file for file in first.rglob("*") if file.is_file() and file.name != ".snakemake_timestamp")
    found, pending = {first}, [first]
    while pending:
        file = pending.pop()
        others = {*_beside(file), *map(Path, sources_of(file)), *_pixels(file)} - found
        new = [other for other in others if os.path.isfile(other)]
        found.update(new)
        pending += new
    return [first, *sorted(found - {first})]


def is_only_looked_at(path: str | Path) -> bool:
    """Whether a file holds nothing but what programs write when somebody looks at a raster: statistics, histograms."""
    if not str(path).endswith(".aux.xml"):
        return False
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError):
        return False
    return all(_is_look(part) for part in root.iter() if len(part) == 0)


def _is_look(element: ElementTree.Element) -> bool:
    """Whether an element without others in it is a statistic, or part of a histogram."""
    if element.tag == "MDI":
        return element.get("key", "").startswith(_LOOKED_AT)
    return element.tag in _HISTOGRAM


_HISTOGRAM = ("HistMin", "HistMax", "BucketCount", "IncludeOutOfRange", "Approximate", "HistCounts", "Histograms")


def _beside(file: Path) -> Iterator[Path]:
    kind = file.suffix
    world = [f"{kind}w", f"{kind[:2]}{kind[-1]}w"] if len(kind) > 2 else []
    for suffix in (*_INSTEAD, *world):
        yield file.with_suffix(suffix)
        yield file.with_suffix(suffix.upper())
    for suffix in _AFTER:
        yield Path(f"{file}{suffix}")


def sources_of(file: str | Path) -> list[str]:
    """Return the names that a VRT gives to its sources, those of files with their paths; none for any other file.

    GDAL knows a VRT by its content, whatever its name.
    """
    file = Path(file)
    if not file.is_file():
        return []
    try:
        with open(file, "rb") as content:
            if not _VRT.search(content.read(_VRT_BYTES)):
                return []
        elements = list(ElementTree.parse(file).iter())
    except (ElementTree.ParseError, OSError, ValueError, LookupError):
        return []  # the step that reads the file reports what is wrong
    names = []
    for element in elements:
        if element.tag in _SOURCES and element.text:
            relative = element.get("relativeToVRT", element.get("relativetoVRT")) == "1"
            names.append(str(file.parent / element.text) if relative else element.text)
    return names


def check_sources(path: str | Path) -> None:
    """Refuse a VRT that names a source other than a file: an address, or a part of a file in GDAL's own words.

    GDAL would ask any server that it names, in the own network too, and a change of such a source is not seen.

    Raises
    ------
    InputError
    """
    if not sources_of(path):
        return
    for file in parts_of(path):
        strange = next((name for name in sources_of(file) if not os.path.isfile(name)), None)
        if strange is not None:
            raise InputError(file, f"names the source '{strange[:200]}', which is no file", "give the raster itself")


def _pixels(file: Path) -> Iterator[Path]:
    """Files that hold the pixels of a detached label."""
    if file.suffix.lower() not in _LABELS:
        return
    for suffix in _PIXELS:
        yield file.with_suffix(suffix)
        yield file.with_suffix(suffix.upper())
    with open(file, "rb") as label:
        for name in _POINTER.findall(label.read(_LABEL_BYTES)):
            yield file.parent / name.decode("latin-1")
