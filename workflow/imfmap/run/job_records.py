"""The record of each job of a run: which files it made, from which files, by which code, where and when."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import __version__
from ..core.errors import InputError
from ..core.files import replacing
from ..core.jsonfiles import read_json

FOLDER = Path("provenance", "jobs")
PACKAGES = ("snakemake", "torch", "torchvision", "rasterio", "geopandas", "pandas", "numpy", "scikit-image", "pyproj")
# The workflow sets this variable, which all its jobs inherit.
COMMIT_VARIABLE = "IMFMAP_COMMIT"


def commit() -> str | None:
    """Return the commit of the code, with ``-dirty`` if files have changed since; None outside a checkout."""
    if COMMIT_VARIABLE in os.environ:
        return os.environ[COMMIT_VARIABLE] or None
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()


def environment() -> dict:
    """Return the versions of this library, of Python, and of the main packages (None for one that is missing)."""
    packages = {}
    for package in PACKAGES:
        try:
            packages[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            packages[package] = None
    return {
        "imfmap": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "isis": os.environ.get("ISISROOT"),
        "packages": packages,
    }


def now() -> datetime:
    """Return the current time, UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def write_record(snakemake: Any, started: datetime) -> None:
    """Write the record of a job that ended well into the folder of its run.

    A job whose log is not in the ``logs`` of a run gets no record.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        The object that Snakemake gives to the script.
    started : datetime
        When the job began.
    """
    path = record_path(snakemake.log[0]) if len(snakemake.log) else None
    if path is None:
        return
    params = dict(snakemake.params.items())
    record = {
        "rule": snakemake.rule,
        "wildcards": dict(snakemake.wildcards.items()),
        "inputs": sorted({str(path) for path in snakemake.input if path}),
        "outputs": [str(path) for path in snakemake.output],
        "params": {key: value for key, value in params.items() if key != "code"},
        "code": params.get("code"),
        "commit": commit(),
        "environment": environment(),
        "threads": snakemake.threads,
        "started": started.isoformat(),
        "ended": now().isoformat(),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1, default=str) + "\n")


def record_path(log: str | Path) -> Path | None:
    """Return the path of the record of a job, from the path of its log; None if no ``logs`` is in that path."""
    log = Path(log)
    if "logs" not in log.parts:
        return None
    place = len(log.parts) - 1 - log.parts[::-1].index("logs")
    return Path(*log.parts[:place], FOLDER, *log.parts[place + 1 :]).with_suffix(".json")


def read_records(folder: str | Path) -> dict[str, dict]:
    """Return the record of the job that made each file of a run.

    Parameters
    ----------
    folder : str or Path
        Folder of the run.

    Returns
    -------
    dict of str to dict
        Records by the path of a file, for files that exist. If several jobs made a file, the last one counts.

    Raises
    ------
    InputError
        If a file among the records is none.
    """
    records = {}
    for path in sorted((Path(folder) / FOLDER).rglob("*.json")):
        # Another job may be writing its record under a temporary name.
        if path.name.startswith("."):
            continue
        record = read_json(path)
        try:
            for output in record["outputs"]:
                if Path(output).exists() and record["ended"] >= records.get(output, record)["ended"]:
                    records[output] = record
        except (KeyError, TypeError):
            raise InputError(
                path, "is no record of a job", "delete it; which job made its files is then unknown"
            ) from None
    return records
