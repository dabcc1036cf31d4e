"""Are the products of two runs the same? For changes of code that must not change products.

    python benchmarks/same_products.py BEFORE/results/demo AFTER/results/demo [--renamed OLD=NEW ...] [--without KEY]

Files are compared byte for byte. If the bytes differ, the content is compared: pixels, georeference and tags of
rasters, rows of layers, texts. Old names of ``--renamed`` are replaced by the new ones first. Records of times,
machines and code are not compared: logs, benchmarks, provenance, hidden files, and dates and speeds in files. The exit
status is 1 if a product differs.
"""

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
from PIL import Image

SKIPPED = ("logs", "benchmarks", "provenance", "ro-crate-metadata.json")
# Parts of texts that are not compared: speeds, times, checksums (they follow from bytes that differ), digests of code.
_NOT_COMPARED = re.compile(
    r"\"(training_s|trained_tiles_per_s)\": [\d.]+|"
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?|\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b|\b1220[0-9a-f]{64}\b"
)


def files_of(folder: Path, renamed: dict[str, str]) -> dict[str, Path]:
    """Return the files of a run by their path in it, with new names in the path."""
    files = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.is_file() and not hidden and not set(relative.parts) & set(SKIPPED):
            files[new_names(str(relative), renamed)] = path
    return files


def new_names(text: str, renamed: dict[str, str]) -> str:
    """Return a text with old names replaced by new ones."""
    for old, new in renamed.items():
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", new, text)
    return text


def same(before: Path, after: Path, renamed: dict[str, str], without: tuple[str, ...] = ()) -> str | None:
    """Return in what two files are equal: ``bytes`` or ``content``; None if they differ."""
    if before.read_bytes() == after.read_bytes():
        return "bytes"
    contents = (content_of(path, renamed, without) for path in (before, after))
    first, second = contents
    return "content" if first is not None and first == second else None


def _array_content(array, renamed):
    """Bytes and type of an array of numbers; the text of any other."""
    return (array.dtype.str, array.tobytes()) if array.dtype.kind in "biuf" else new_names(str(array), renamed)


def content_of(path: Path, renamed: dict[str, str], without: tuple[str, ...] = ()) -> object:
    """Return the content of a file in a form that can be compared; None for unknown kinds of files."""
    kind = path.suffix.lower()
    if kind == ".tif":
        with rasterio.open(path) as data:
            tags = {key: new_names(value, renamed) for key, value in data.tags().items() if key not in without}
            return [data.read().tobytes(), data.crs, data.transform, data.nodata, sorted(tags.items())]
    if kind == ".gpkg":
        layers = {}
        for name, _ in pyogrio.list_layers(path):
            table = pyogrio.read_dataframe(path, layer=name)
            layers[name] = new_names(_NOT_COMPARED.sub("", table.to_csv()), renamed)
        return layers
    if kind == ".npz":
        with np.load(path, allow_pickle=False) as data:
            return {key: _array_content(data[key], renamed) for key in data.files}
    if kind == ".png":
        return np.asarray(Image.open(path)).tobytes()
    if kind == ".pt":
        import torch

        content = torch.load(path, map_location="cpu", weights_only=True)
        weights = {name: value.numpy().tobytes() for name, value in content["state_dict"].items()}
        settings = {key: value for key, value in content["settings"].items() if key not in without}
        return [weights, new_names(json.dumps(settings, sort_keys=True), renamed)]
    if kind in (".json", ".geojson", ".csv", ".md", ".html", ".js", ".txt", ".qml", ".prj"):
        return new_names(_NOT_COMPARED.sub("", path.read_text()), renamed)
    return None


def main(arguments: list[str] | None = None) -> int:
    """Compare two runs. Print each product that differs, and counts; return 1 if there is one, otherwise 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--renamed", nargs="*", default=[], metavar="OLD=NEW")
    parser.add_argument("--without", nargs="*", default=[], metavar="KEY", help="raster tags and settings to leave out")
    options = parser.parse_args(arguments)
    renamed = dict(pair.split("=", 1) for pair in options.renamed)
    before, after = files_of(options.before, renamed), files_of(options.after, renamed)
    counts = Counter()
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            how = "only after" if name in after else "only before"
        else:
            how = same(before[name], after[name], renamed, tuple(options.without)) or "differs"
        counts[how] += 1
        if how not in ("bytes", "content"):
            print(f"{how}: {name}")
    print(", ".join(f"{count} {how}" for how, count in counts.most_common()))
    return int(bool(counts.keys() - {"bytes", "content"}))


if __name__ == "__main__":
    sys.exit(main())
