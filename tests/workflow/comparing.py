"""Whether two runs made the same."""

import hashlib
import json
from pathlib import Path

import geopandas
import pandas
import pyogrio

# What says when and how a run was made, not what was found: folders, a file, and values of a training.
RECORDS = {"logs", "benchmarks", "provenance", "ro-crate-metadata.json"}
TIMES = {"training_s", "trained_tiles_per_s"}


def contents(path):
    """What is in a product: its bytes, but for the times in a GeoPackage and in what training says of itself."""
    if path.suffix == ".gpkg":
        layers = [name for name, _ in pyogrio.list_layers(path)]
        return {name: pandas.DataFrame(geopandas.read_file(path, layer=name)).to_csv() for name in layers}
    if path.name == "metrics.json":
        return {key: value for key, value in json.loads(path.read_text()).items() if key not in TIMES}
    return hashlib.md5(path.read_bytes()).hexdigest()


def products(folder):
    """Paths of a run's products, relative to its folder; what is hidden is for the workflow itself."""
    folder = Path(folder)
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in files if not any(part in RECORDS or part.startswith(".") for part in path.parts)}


def assert_same_products(run, other):
    """Two runs' products are the same: names and contents."""
    run, other = Path(run), Path(other)
    assert products(run) == products(other)
    assert not [str(path) for path in sorted(products(run)) if contents(run / path) != contents(other / path)]
    assert not list(run.rglob(".*.part*")), "something half-written is left"
