"""What was made, from what, by which code."""

import hashlib
import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from . import __version__
from .rasters import replacing

PACKAGES = ["snakemake", "torch", "torchvision", "rasterio", "geopandas", "pandas", "numpy", "scikit-image", "pyproj"]
PRODUCTS = ("*.IMG", "*.tif", "*.gpkg", "*.shp", "*.geojson", "*.pt", "*.csv", "map.png", "summary.json")


def sha256(path):
    """SHA-256 of a file, as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def commit():
    """Commit of the code, with ``-dirty`` where it was changed since, or None outside a checkout."""
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return said.stdout.strip()


def _versions():
    for package in PACKAGES:
        try:
            yield package, metadata.version(package)
        except metadata.PackageNotFoundError:
            yield package, None


def write_record(folder, config, path):
    """Write the record of a run as JSON.

    Parameters
    ----------
    folder : str or Path
        The run's folder under results/.
    config : dict
        The completed configuration.
    path : str or Path
        File to write.
    """
    folder = Path(folder)
    files = sorted({file for pattern in PRODUCTS for file in folder.rglob(pattern) if not file.name.startswith(".")})
    record = {
        "imfmap": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "packages": dict(_versions()),
        "config": config,
        "files": [
            {"path": str(file.relative_to(folder)), "bytes": file.stat().st_size, "sha256": sha256(file)}
            for file in files
        ],
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1) + "\n")
