"""Are the products of two runs the same? For a change that is to move code and no figure.

    python benchmarks/same_products.py BEFORE/results/demo AFTER/results/demo [--renamed imfmap=sun_aligned ...]

Files are compared byte for byte. Where the bytes differ, the content is compared: pixels, georeference and tags of
rasters, rows of layers, texts, with the old names of ``--renamed`` put into new ones. What tells of times, machines and
code is passed over: logs, benchmarks, provenance, hidden files, and the dates and speeds in files. The exit status is 1
where a product differs.
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

PASSED_OVER = ("logs", "benchmarks", "provenance", "ro-crate-metadata.json")
# Of the text of a file: speeds, times, checksums (they follow from bytes that differ) and digests of code.
_UNTOLD = re.compile(
    r"\"(training_s|trained_tiles_per_s)\": [\d.]+|"
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?|\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b|\b1220[0-9a-f]{64}\b"
)


def files_of(folder: Path, renamed: dict[str, str]) -> dict[str, Path]:
    """Files of a run by their path in it, old names in the path put into new ones."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if path.is_file() and not hidden and not set(relative.parts) & set(PASSED_OVER):
            found[new_names(str(relative), renamed)] = path
    return found


def new_names(text: str, renamed: dict[str, str]) -> str:
    """Text with old names put into new ones."""
    for old, new in renamed.items():
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(old)}(?![A-Za-z0-9])", new, text)
    return text


def same(before: Path, after: Path, renamed: dict[str, str]) -> str | None:
    """How two files are the same: ``bytes`` or ``content``; None where they are not."""
    if before.read_bytes() == after.read_bytes():
        return "bytes"
    contents = (content_of(path, renamed) for path in (before, after))
    first, second = contents
    return "content" if first is not None and first == second else None


def content_of(path: Path, renamed: dict[str, str]) -> object:
    """What a file holds, in a form that can be compared; None for a file of another kind."""
    kind = path.suffix.lower()
    if kind == ".tif":
        with rasterio.open(path) as data:
            tags = {key: new_names(value, renamed) for key, value in data.tags().items()}
            return [data.read().tobytes(), data.crs, data.transform, data.nodata, sorted(tags.items())]
    if kind == ".gpkg":
        layers = {}
        for name, _ in pyogrio.list_layers(path):
            table = pyogrio.read_dataframe(path, layer=name)
            layers[name] = new_names(_UNTOLD.sub("", table.to_csv()), renamed)
        return layers
    if kind == ".npz":
        with np.load(path, allow_pickle=False) as data:
            return {
                key: (data[key].tobytes(), new_names(str(data[key].dtype), {})) for key in data.files if key != "about"
            }
    if kind == ".png":
        return np.asarray(Image.open(path)).tobytes()
    if kind == ".pt":
        import torch

        content = torch.load(path, map_location="cpu", weights_only=True)
        weights = {name: value.numpy().tobytes() for name, value in content["state_dict"].items()}
        return [weights, new_names(json.dumps(content["settings"], sort_keys=True), renamed)]
    if kind in (".json", ".geojson", ".csv", ".md", ".html", ".js", ".txt", ".qml", ".prj"):
        return new_names(_UNTOLD.sub("", path.read_text()), renamed)
    return None


def main(arguments: list[str] | None = None) -> int:
    """Compare two runs; print each product that differs, and counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--renamed", nargs="*", default=[], metavar="OLD=NEW")
    options = parser.parse_args(arguments)
    renamed = dict(pair.split("=", 1) for pair in options.renamed)
    before, after = files_of(options.before, renamed), files_of(options.after, renamed)
    counts = Counter()
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            how = "only after" if name in after else "only before"
        else:
            how = same(before[name], after[name], renamed) or "differs"
        counts[how] += 1
        if how not in ("bytes", "content"):
            print(f"{how}: {name}")
    print(", ".join(f"{count} {how}" for how, count in counts.most_common()))
    return int(bool(counts.keys() - {"bytes", "content"}))


if __name__ == "__main__":
    sys.exit(main())
