"""What each job of a run leaves behind: which files it made, of which, by which code, where and when."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from .. import __version__

FOLDER = Path("provenance", "jobs")
PACKAGES = ("snakemake", "torch", "torchvision", "rasterio", "geopandas", "pandas", "numpy", "scikit-image", "pyproj")
# Set by the workflow for its jobs, on whatever node they run.
COMMIT_VARIABLE = "IMFMAP_COMMIT"


def commit():
    """Commit of the code, with ``-dirty`` where it was changed since, or None outside a checkout."""
    if COMMIT_VARIABLE in os.environ:
        return os.environ[COMMIT_VARIABLE] or None
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


def environment():
    """dict: versions of this library, of Python, of the packages that matter (None where one is not there)."""
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


def now():
    """datetime: the time, UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def write_record(snakemake, started):
    """Write the record of a job that ended well, beside the run's logs; nothing of a job whose log is no run's.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        What the rule's script is given.
    started : datetime
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
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not by `rasters.replacing`: jobs that need no rasterio are not to load it.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_text(json.dumps(record, indent=1, default=str) + "\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def record_path(log):
    """Path: of the record of the job with a log, or None where that does not lie in a run's ``logs``."""
    log = Path(log)
    if "logs" not in log.parts:
        return None
    place = len(log.parts) - 1 - log.parts[::-1].index("logs")
    return Path(*log.parts[:place], FOLDER, *log.parts[place + 1 :]).with_suffix(".json")


def read_records(folder):
    """Records of a run's jobs by the files that they made.

    Parameters
    ----------
    folder : path
        The run's.

    Returns
    -------
    dict of str to dict
        Of files that are there; where several jobs made one, the last.
    """
    found = {}
    for path in sorted((Path(folder) / FOLDER).rglob("*.json")):
        record = json.loads(path.read_text())
        for output in record["outputs"]:
            if Path(output).exists() and record["ended"] >= found.get(output, record)["ended"]:
                found[output] = record
    return found
