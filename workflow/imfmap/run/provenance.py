"""The record of a run (what was made, from what, by which code) and its RO-Crate."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..core.checksums import Checksums, md5
from ..core.files import replacing
from ..core.jsonfiles import read_json, write_json
from .job_records import commit, environment, now, read_records
from .ro_crate import crate_of

# Suffix of the images that a map is made from. The archive lists their MD5.
EDR_SUFFIX = ".IMG"
ROOT = Path(__file__).resolve().parents[3]


def write_provenance(
    folder: str | Path,
    config: dict,
    products: Iterable[str | Path],
    record_path: str | Path,
    crate_path: str | Path,
    snakefile_path: str | Path,
) -> None:
    """Write the record of a run as JSON, and the run as a Provenance Run Crate.

    Parameters
    ----------
    folder : str or Path
        The run's folder under results/, which becomes the crate.
    config : dict
        The completed configuration.
    products : iterable of str or Path
        Final products of the run.
    record_path : str or Path
        JSON to write. It holds the configuration, the code and the environment; size and checksums of each file; the
        kernels of each image; each job; and the lineage of each product (see `lineage`).
    crate_path : str or Path
        ``ro-crate-metadata.json`` to write, in `folder`.
    snakefile_path : str or Path
        Copy of the workflow's Snakefile to write, in `folder`.
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
        "files": [facts for facts in files.values() if "bytes" in facts],
        "kernels": {path.stem: read_json(path)["kernels"] for path in sorted(folder.glob("*/isisdata/*.json"))},
        "jobs": jobs,
        "products": {str(path): lineage(str(path), records, files) for path in map(Path, products)},
    }
    write_json(record_path, record)
    with replacing(snakefile_path) as temporary:
        temporary.write_text((ROOT / "Snakefile").read_text())
    files[str(record_path)] = _file_facts(Path(record_path))
    write_json(crate_path, crate_of(folder, record, files, snakefile_path))


def lineage(product: str, records: Mapping[str, dict], files: Mapping[str, dict]) -> dict:
    """Return the rules and the input files that a product was made by and from.

    Parameters
    ----------
    product : str
        Path of the product.
    records : mapping of str to dict
        Records from `job_records.read_records`.
    files : mapping of str to dict
        Size and checksums of each file, by its path.

    Returns
    -------
    dict
        ``jobs``: rules that led to the product, the first one first; ``edrs``: the images, each with ``path``, ``md5``
        and ``sha256``; ``other``: other files that no job made, with ``sha256``; ``unrecorded``: files in the folder
        of the run that have no record.
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
    """Return the facts of every file that a job made or used, by its path."""
    paths = {path for job in records.values() for path in (*job["inputs"], *job["outputs"])} | set(map(str, products))
    return {path: _file_facts(Path(path), folder) for path in sorted(paths) if Path(path).exists()}


def _file_facts(path, folder=None):
    """Return the path, size and checksums of a file; only the path of a folder."""
    of_run = folder is None or path.is_relative_to(folder)
    if path.is_dir():
        return {"path": str(path), "of_run": of_run}
    checksums = Checksums.of_run(folder or path.parent, path)
    facts = {"path": str(path), "of_run": of_run, "bytes": path.stat().st_size, "sha256": checksums.of(path)}
    if path.suffix == EDR_SUFFIX:
        facts["md5"] = checksums.of(path, md5)
    return facts
