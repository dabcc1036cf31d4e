"""The plan of a run: what it would do, why and at what cost, and what exists already. `make plan` writes it."""

import contextlib
import io
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from ...acquisition.product_csv import read_lines
from ...core.checksums import Checksums, sha256
from ...core.choices import LABELLED_ROLES
from ...core.errors import InputError
from ...core.files import expanded
from ...core.jsonfiles import read_json, write_json
from ...core.machine_faults import told
from ...maps.target_grid import target_grid
from ...nac.label import product_of
from ...plots.pages.page import write_page
from ..job_records import commit, environment, now, read_records
from ..projected_targets import product_of_raster
from ..rule_facts import IMAGE, MAP, facts_of
from .dry_run import dry_run, run_folder
from .job_costs import JobCostEstimator

_ROLES = ("map", None, *reversed(LABELLED_ROLES))
# Unknown checksums are computed for files up to this size.
_SMALL_BYTES = 1 << 20


def plan(arguments: Sequence[str], results: str | Path = "results") -> dict:
    """Return the plan of a run.

    Parameters
    ----------
    arguments : sequence of str
        Arguments of the ``snakemake`` command of the run.
    results : str or Path
        Folder of all runs, including past ones.

    Returns
    -------
    dict
        Values that JSON can hold; docs/provenance.md describes them.
    """
    steps, config, configfiles = dry_run(arguments)
    folder = run_folder(config)
    costs, records = JobCostEstimator(results), read_records(folder)
    names = [name for name in config["targets"] if any(_group_of(step) == name for step in steps)]
    # The targets to map come first.
    names.sort(key=lambda name: _ROLES.index(config["targets"][name].get("role")))
    on_gpu = "cpu" not in {config[section].get("device") for section in ("inference", "training")}
    groups = [_group(name, steps, config, folder, costs, records, on_gpu) for name in (*names, None)]
    groups = [group for group in groups if group["steps"]]
    return {
        "made_at": now().isoformat(),
        "command": shlex.join(["snakemake", *arguments]),
        "run": config["run"]["name"],
        "folder": str(folder),
        "recipe": config["recipe"],
        "engine": config["processing"]["engine"],
        "configfiles": configfiles,
        "commit": commit(),
        "environment": environment(),
        "on_gpu": on_gpu,
        "totals": _totals(groups),
        "targets": groups,
    }


def _group_of(step):
    return step["wildcards"].get("target")


def _group(name, steps, config, folder, costs, records, on_gpu):
    """Return the plan of one target. Name None: of the steps for several targets (models, calibration, evaluation)."""
    target = config["targets"].get(name, {})
    own = [step for step in steps if _group_of(step) == name]
    images = [] if name is None else _images(name, target, folder)
    sizes = {image["product"]: image["bytes"] for image in images}
    map_megapixels = None
    if name is not None:
        rows, columns = target_grid(target).shape
        map_megapixels = rows * columns / 1e6
    jobs = []
    for step in own:
        product = step["wildcards"].get("product")
        facts = facts_of(step["rule"])
        megapixels = map_megapixels if facts.pixels == MAP else None
        if facts.pixels == IMAGE and product:
            megapixels = costs.megapixels(folder / name / "projected" / f"{product}.tif")
        jobs.append(
            {
                **{key: step[key] for key in ("rule", "wildcards", "inputs", "outputs", "run")},
                "why": [{"kind": kind, "text": text} for kind, text in step["why"]],
                "estimate": costs.estimate(step["rule"], megapixels, on_gpu) if step["run"] else None,
                "fetches": facts.fetches if step["run"] else None,
                "bytes": sizes.get(product) if step["run"] and step["rule"] == "download" else None,
            }
        )
    return {
        "name": name,
        "title": target.get("title", name) if name else "Models, calibration, evaluation",
        "role": target.get("role"),
        "map_megapixels": map_megapixels,
        "images": images,
        # If the search was not made yet, the steps show one image in place of all.
        "images_to_be_found": _most_images(target, config) if "search" in target and not images else None,
        "steps": _by_rule(jobs),
        "made": [file for step in own for file in _made(step, folder, records)],
        "totals": _sums(jobs),
    }


def _images(name, target, folder):
    """Return the images of a target, and where each comes from."""
    listed = {}
    table = folder / name / "products.csv"
    if table.exists():
        listed = {row["product"]: row for _, row in read_lines(table).lines if "product" in row}
    if "simulate" in target:
        listed = {image["product"]: {"source": "simulated"} for image in target["simulate"]["images"]}
    elif "mosaic" in target:
        listed = {product_of_raster(target["mosaic"]): {"source": target["mosaic"]}}
    elif isinstance(target.get("products"), list):
        listed = {product: listed.get(product, {}) for product in target["products"]}
    for path in chain.from_iterable(target.get(key, ()) for key in ("edrs", "cubes", "projected")):
        local = Path(expanded(path))
        size = local.stat().st_size if local.exists() else None
        product = product_of_raster(local) if "projected" in target else product_of(local)
        listed[product] = {"source": str(path), "bytes": size}
    return [_image(product, dict(row), folder / name) for product, row in sorted(listed.items())]


def _most_images(target, config):
    return target["search"].get("max_images", config["acquisition"]["max_images"])


def _image(product, row, folder):
    manifest = folder / "isisdata" / f"{product}.json"
    kernels = read_json(manifest)["kernels"] if manifest.exists() else None
    places = ("edr/{}.IMG", "simulated/edr/{}.IMG", "projected/{}.tif")
    here = next((path for path in (folder / place.format(product) for place in places) if path.exists()), None)
    return {
        "product": product,
        "source": row.get("source") or row.get("url") or "the archive (its address is asked for first)",
        "bytes": int(float(row["bytes"])) if row.get("bytes") not in (None, "") else None,
        "here": str(here) if here else None,
        "kernels": kernels,
    }


def _by_rule(jobs):
    """Return the jobs of each rule, in the order in which they would run."""
    rules = {}
    for job in jobs:
        rules.setdefault(job["rule"], []).append(job)
    return [
        {
            "rule": rule,
            "jobs": chosen,
            "to_run": sum(job["run"] for job in chosen),
            "why": Counter(why["kind"] for job in chosen for why in job["why"]),
            **_sums(chosen),
            "basis": next((job["estimate"]["basis"] for job in chosen if job["estimate"]), None),
        }
        for rule, chosen in rules.items()
    ]


def _sums(jobs):
    """Return sums over the jobs that would run, and the number of jobs with unknown values."""
    chosen = [job for job in jobs if job["run"]]
    known = [job["estimate"] for job in chosen if job["estimate"]]
    fetching = [job for job in chosen if job["fetches"]]
    return {
        "to_run": len(chosen),
        "jobs_without_estimate": len(chosen) - len(known),
        **{key: round(sum(estimate[key] for estimate in known), 1) for key in ("cpu_s", "gpu_s")},
        "bytes_to_fetch": sum(job["bytes"] or 0 for job in fetching),
        "fetches_of_unknown_size": sum(job["bytes"] is None for job in fetching),
    }


def _totals(groups):
    return (
        {key: round(sum(group["totals"][key] for group in groups), 1) for key in groups[0]["totals"]} if groups else {}
    )


def _made(step, folder, records):
    """Yield the facts of each output of a step that exists: size, checksum, and the job and code that made it."""
    checksums = Checksums(folder / step["wildcards"].get("target", ""))
    for output in map(Path, step["outputs"]):
        if output.exists():
            is_file = output.is_file()
            size = output.stat().st_size
            checksum = checksums.known(output) if is_file else None
            if is_file and checksum is None and size <= _SMALL_BYTES:
                checksum = sha256(output)
            record = records.get(str(output), {})
            yield {
                "path": str(output),
                "rule": step["rule"],
                "stays": not step["run"],
                "bytes": size if is_file else None,
                "sha256": checksum,
                **{key: record.get(key) for key in ("ended", "commit", "environment", "params", "inputs")},
            }


def main(arguments: Sequence[str]) -> int | str | None:
    """Write the plan of a run into its folder, print where it is, and return the exit status."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            content = plan(arguments or ["all"])
    except SystemExit as ended:
        print(printed.getvalue(), file=sys.stderr)
        return ended.code
    folder = Path(content["folder"]) / "provenance"
    try:
        with told(folder):
            write_json(folder / "plan.json", content)
            write_page(folder / "plan.html", "plan.html", plan=content)
    except InputError as error:
        return f"imfmap: {error}"
    totals = content["totals"]
    page = folder / "plan.html"
    print(f"{totals.get('to_run', 0)} steps would run; none was run. {page} (and plan.json) shows which and why.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
