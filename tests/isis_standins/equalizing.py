"""The stand-in for equalizer: it refuses as ISIS does, and its solution hangs on the images that are held."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pvl
import rasterio

from imfmap.engines.isis.commands import ADJUSTMENTS
from imfmap.maps.alignment import offset_on
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_layers import ImageLayer
from imfmap.mosaic.equalize import match_brightness

from .command_line import Refused
from .cubefile import change_pixels, read_pixels
from .grids import union
from .lists import listed

_UNSOLVED = (
    "Unable to calculate the equalization statistics. You may want to try another LeastSquares::SolveMethod.\n"
    "**USER ERROR** Unable to normalize overlaps. The number of overlaps and holds must be greater than the number of "
    "input images"
)
_TOO_FEW = (
    "There are input images that do not overlap with enough valid pixels. See application log or "
    '"NonOverlaps" keyword in output statistics file'
)


def equalizer(given):
    process, paths = given["process"].upper(), listed(given["fromlist"])
    if len(paths) < 2:
        raise Refused(f"The input file [{given['fromlist']}] must contain at least 2 file names")
    corrections = _read(given["instats"], paths) if process == "APPLY" else _solve(given, paths)
    if process != "CALCULATE":
        outs = Path(given["tolist"]).read_text().split()
        for path, out, (gain, offset, average) in zip(paths, outs, corrections, strict=True):
            change_pixels(path, out, ((read_pixels(path) - average) * gain + average + offset).astype(np.float32))


def _solve(given, paths):
    holds = listed(given["holdlist"]) if "holdlist" in given else []
    for hold in holds:
        if hold not in paths:
            raise Refused(f"The hold list file [{hold}] does not match a file in the from list")
    datasets = [rasterio.open(path) for path in paths]
    grid = union([MapGrid.of(dataset) for dataset in datasets])
    layers = [ImageLayer(dataset, "", dataset.name, offset_on(dataset, grid, "the mosaic")) for dataset in datasets]
    least_px = int(given["mincount"])
    pairs = _overlaps(layers, grid, least_px)
    alone = [path for place, path in enumerate(paths) if not any(place in pair for pair in pairs)]
    if alone:
        _write(given, paths, [], alone)
        raise Refused(_TOO_FEW)
    if len(pairs) + len(holds) < len(paths):
        raise Refused(_UNSOLVED)
    method = next(name for name, theirs in ADJUSTMENTS.items() if theirs == given["adjust"].upper())
    changes = match_brightness(layers, grid, method, least_overlap_px=least_px)
    corrections = np.array([(change.contrast, change.offset, change.mean) for change in changes])
    for hold in (paths.index(hold) for hold in holds):
        group = _reached(hold, pairs)
        corrections[group, 0] /= corrections[hold, 0]
        corrections[group, 1] -= corrections[hold, 1]
    _write(given, paths, corrections, [])
    return corrections


def _overlaps(layers, grid, least_px):
    valid = [np.isfinite(layer.read(0, 0, *grid.shape)) for layer in layers]
    return [pair for pair in combinations(range(len(layers)), 2) if (valid[pair[0]] & valid[pair[1]]).sum() >= least_px]


def _reached(first, pairs):
    group = {first}
    while more := {place for pair in pairs if group & set(pair) for place in pair} - group:
        group |= more
    return sorted(group)


def _write(given, paths, corrections, alone):
    if "outstats" not in given:
        return
    names = f"({', '.join(alone)})" if alone else "Null"
    solved = "false" if alone else "true"
    lines = ["Object = EqualizationInformation", "  Group = General", f"    MinCount = {given['mincount']}"]
    lines += [f"    NonOverlaps = {names}", f"    HasCorrections = {solved}", "  End_Group", ""]
    for number, path in enumerate(paths):
        lines += ["  Group = Normalization", "    # Formula: newDN = (oldDN - AVERAGE) * GAIN + AVERAGE + OFFSET"]
        lines += ["    # BandN = (GAIN, OFFSET, AVERAGE)", f"    FileName = {path}"]
        if len(corrections):
            # ISIS breaks lines after 80 characters.
            gain, offset, average = map(repr, corrections[number].tolist())
            lines.append(f"    Band1    = ({gain}, {offset},\n                {average})")
        lines += ["  End_Group", ""]
    lines += ["End_Object", "", "Object = OverlapStatistics", "  Group = Pair", "    Band1 = (1.0, 2.0, 3.0)"]
    Path(given["outstats"]).write_text("\n".join([*lines, "  End_Group", "End_Object", ""]))


def _read(path, paths):
    """Corrections of the files, by their names; gain, offset and average."""
    text = "\n".join(line for line in Path(path).read_text().splitlines() if not line.lstrip().startswith("#"))
    groups = pvl.loads(text + "\nEnd\n")["EqualizationInformation"].getall("Normalization")
    named = {str(group["FileName"]): group for group in groups}
    for name in paths:
        if name not in named:
            raise Refused(f"The from list file [{name}] does not have any corresponding file in the stats list")
    return [tuple(map(float, named[name]["Band1"])) for name in paths]
