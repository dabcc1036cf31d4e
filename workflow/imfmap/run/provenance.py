"""What was made, from what, by which code: the record of a run, and its RO-Crate."""

from pathlib import Path

from ..core.checksums import Checksums, md5
from ..core.files import replacing
from ..core.jsonfiles import read_json, write_json
from .job_records import commit, environment, now, read_records
from .ro_crate import crate_of

# Files that stand for the images that a map was made of: their MD5 is what the archive lists.
EDR_SUFFIX = ".IMG"
ROOT = Path(__file__).resolve().parents[3]


def write_provenance(folder, config, products, record_path, crate_path, snakefile_path):
    """Write the record of a run as JSON, and the run as a Provenance Run Crate.

    Parameters
    ----------
    folder : path
        The run's folder under results/, which becomes the crate.
    config : dict
        The completed configuration.
    products : list of path
        What the run is for.
    record_path : path
        JSON to write: configuration, code, environment; each file with size and checksums; the kernels of each image;
        each job; and of each product its lineage (see `lineage`).
    crate_path : path
        ``ro-crate-metadata.json`` to write, in `folder`.
    snakefile_path : path
        Where a copy of the workflow's entry goes, in `folder`.
    """
    folder = Path(folder)
    records = read_records(folder)
    jobs = sorted({id(job): job for job in records.values()}.values(), key=lambda job: (job["ended"], job["outputs"]))
    files = _files(folder, records, products)
    record = {
        "run": config["run"]["name"],
        "written": now().isoformat(),
        "commit": commit(),
        "environment": environment(),
        "config": config,
        "files": [about for about in files.values() if "bytes" in about],
        "kernels": {path.stem: read_json(path)["kernels"] for path in sorted(folder.glob("*/isisdata/*.json"))},
        "jobs": jobs,
        "products": {str(path): lineage(str(path), records, files) for path in map(Path, products)},
    }
    write_json(record_path, record)
    with replacing(snakefile_path) as temporary:
        temporary.write_text((ROOT / "Snakefile").read_text())
    files[str(record_path)] = _about(Path(record_path))
    write_json(crate_path, crate_of(folder, record, files, snakefile_path))


def lineage(product, records, files):
    """What a product goes back to.

    Parameters
    ----------
    product : str
        Its path.
    records : dict
        Of `job_records.read_records`.
    files : dict
        What is known of each file, by its path.

    Returns
    -------
    dict
        ``jobs``: rules that led to it, from the first on; ``edrs``: the images, each with ``path``, ``md5`` and
        ``sha256``; ``other``: whatever else no job made, with ``sha256``; ``unrecorded``: files of the run that a job
        made, but of which there is no record.
    """
    seen, order, leaves = set(), [], set()

    def visit(path):
        if path in seen:
            return
        seen.add(path)
        job = records.get(path)
        if job is None:
            leaves.add(path)
            return
        if path.endswith(EDR_SUFFIX):
            leaves.add(path)
        for source in job["inputs"]:
            visit(source)
        if job["rule"] not in order:
            order.append(job["rule"])

    visit(product)
    images = {path for path in leaves if path.endswith(EDR_SUFFIX)}
    of_run = {path for path in leaves - images if files.get(path, {}).get("of_run")}
    return {
        "jobs": order,
        "edrs": [_known(path, files, "md5", "sha256") for path in sorted(images)],
        "other": [_known(path, files, "sha256") for path in sorted(leaves - images - of_run)],
        "unrecorded": sorted(of_run),
    }


def _known(path, files, *keys):
    return {"path": path, **{key: files.get(path, {}).get(key) for key in keys}}


def _files(folder, records, products):
    """What is known of every file that a job made or used, by its path."""
    paths = {path for job in records.values() for path in (*job["inputs"], *job["outputs"])} | set(map(str, products))
    return {path: _about(Path(path), folder) for path in sorted(paths) if Path(path).exists()}


def _about(path, folder=None):
    """Size and checksums of a file; of a folder only that it is one."""
    of_run = folder is None or path.is_relative_to(folder)
    if path.is_dir():
        return {"path": str(path), "of_run": of_run}
    # Kept with the target, or with the run; of files elsewhere, with the run.
    inside = folder is not None and path.is_relative_to(folder) and len(path.relative_to(folder).parts) > 1
    checksums = Checksums(folder / path.relative_to(folder).parts[0] if inside else folder or path.parent)
    about = {"path": str(path), "of_run": of_run, "bytes": path.stat().st_size, "sha256": checksums.of(path)}
    if path.suffix == EDR_SUFFIX:
        about["md5"] = checksums.of(path, md5)
    return about
