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
from ...nac.label import product_of
from ...plots.pages.page import write_page
from ..job_records import commit, environment, now, read_records
from ..projected_targets import product_of_raster
from ..rule_facts import facts_of
from ..target_choice import images_named
from .dry_run import SEARCHED, dry_run, run_folder
from .in_words import in_words
from .job_costs import JobCostEstimator
from .workload import Workload

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
    return {
        "made_at": now().isoformat(),
        "command": shlex.join(["snakemake", *arguments]),
        "recipe": config["recipe"],
        "engine": config["processing"]["engine"],
        "configfiles": configfiles,
        "commit": commit(),
        "environment": environment(),
        **costs_of(steps, config, results),
    }


def costs_of(steps: Sequence[dict], config: dict, results: str | Path = "results", list_made: bool = True) -> dict:
    """Return what the steps of a run cost, by target.

    Parameters
    ----------
    steps : sequence of dict
        As `dry_run.dry_run` returns them.
    config : dict
        The completed configuration.
    results : str or Path
        Folder of all runs.
    list_made : bool
        Whether to list the files that exist, with their checksums.

    Returns
    -------
    dict
        The keys of the plan that hold costs: ``run``, ``folder``, ``on_gpu``, ``totals``, ``targets``.
    """
    folder = run_folder(config)
    costs, records = JobCostEstimator(results), read_records(folder) if list_made else {}
    names = [name for name in config["targets"] if any(_group_of(step) == name for step in steps)]
    # The targets to map come first.
    names.sort(key=lambda name: _ROLES.index(config["targets"][name].get("role")))
    on_gpu = "cpu" not in {config[section].get("device") for section in ("inference", "training")}
    groups = [_group(name, steps, config, folder, costs, on_gpu) for name in (*names, None)]
    groups = [group for group in groups if group["steps"]]
    for group in groups:
        own = [step for step in steps if _group_of(step) == group["name"]] if list_made else []
        group["made"] = [file for step in own for file in _made(step, folder, records)]
    return {
        "run": config["run"]["name"],
        "folder": str(folder),
        "on_gpu": on_gpu,
        "totals": _totals(groups),
        "targets": groups,
    }


def _group_of(step):
    return step["wildcards"].get("target")


def _group(name, steps, config, folder, costs, on_gpu):
    """Return the plan of one target. Name None: of the steps for several targets (models, calibration, evaluation)."""
    target = config["targets"].get(name, {})
    own = [step for step in steps if _group_of(step) == name]
    images = [] if name is None else _images(name, target, folder)
    sizes = {image["product"]: image["bytes"] for image in images}
    to_be_found = images_named(target, config) if "search" in target and not images else None
    workload = Workload(config, name, to_be_found or len(images), costs, folder)
    jobs = []
    for step in own:
        product = step["wildcards"].get("product")
        # A search that was not made yet has one image in its plan, which stands for all.
        count = to_be_found if product == SEARCHED and to_be_found else 1
        estimate = workload.estimate(step, on_gpu) if step["run"] else None
        if estimate:
            estimate = {key: value if key == "basis" else count * value for key, value in estimate.items()}
        fetches = facts_of(step["rule"]).fetches if step["run"] else None
        exact = sizes.get(product) if fetches and step["rule"] == "download" else None
        jobs.append(
            {
                **{key: step[key] for key in ("rule", "wildcards", "inputs", "outputs", "run")},
                "why": [{"kind": kind, "text": text} for kind, text in step["why"]],
                "count": count,
                "estimate": estimate,
                "fetches": fetches,
                "bytes": exact,
                "disk": workload.disk(step, count, exact) if step["run"] else None,
            }
        )
    return {
        "name": name,
        "title": target.get("title", name) if name else "Models, calibration, evaluation",
        "role": target.get("role"),
        "map_megapixels": workload.map_megapixels,
        "images": images,
        # If the search was not made yet, the steps show one image in place of all.
        "images_to_be_found": to_be_found,
        "steps": _by_rule(jobs),
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
            "why": Counter(why["kind"] for job in chosen for why in job["why"]),
            **_sums(chosen),
            "basis": next((job["estimate"]["basis"] for job in chosen if job["estimate"]), None),
        }
        for rule, chosen in rules.items()
    ]


def _sums(jobs):
    """Return sums over the jobs that would run, and the number of jobs with unknown values."""
    chosen = [job for job in jobs if job["run"]]
    known = [job for job in chosen if job["estimate"]]
    disks = [job["disk"] for job in chosen]
    return {
        "to_run": sum(job["count"] for job in chosen),
        "jobs_without_estimate": len(chosen) - len(known),
        **{key: round(sum(job["estimate"][key] for job in known), 1) for key in ("cpu_s", "gpu_s")},
        "network_cpu_s": round(sum(job["estimate"]["cpu_s"] for job in known if facts_of(job["rule"]).network), 1),
        "bytes_to_fetch": sum(disk["fetched_bytes"] for disk in disks),
        "bytes_kept": sum(disk["kept_bytes"] for disk in disks),
        "bytes_temporary": max((disk["temporary_bytes"] for disk in disks), default=0),
    }


def _totals(groups):
    if not groups:
        return {}
    together = {"bytes_temporary": max}
    return {
        key: round(together.get(key, sum)([group["totals"][key] for group in groups]), 1) for key in groups[0]["totals"]
    }


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
    print(*in_words(content), sep="\n")
    print(f"Nothing was run. {folder / 'plan.html'} (and plan.json) shows which steps would run, and why.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
