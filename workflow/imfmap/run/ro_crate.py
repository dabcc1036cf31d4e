"""A run as a Provenance Run Crate: https://www.researchobject.org/workflow-run-crate (profile 0.5, RO-Crate 1.1)."""

import json
from pathlib import Path

from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

from ..core.checksums import sha256_of_bytes
from ..core.media_types import media_type

# Terms of the Workflow Run RO-Crate profiles that RO-Crate 1.1 does not have.
_TERMS = {name: f"https://w3id.org/ro/terms/workflow-run#{name}" for name in ("md5", "sha256")}
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}


def crate_of(folder: str | Path, record: dict, files: dict, snakefile: str | Path) -> dict:
    """Return the metadata of a run's crate as JSON-LD.

    Every job of the run is an action on the files that it read and wrote, so that each product can be followed back to
    the images. The run as a whole is one action from the images to the products.

    Parameters
    ----------
    folder : str or Path
        Folder of the run: the root of the crate.
    record : dict
        The record that `provenance.write_provenance` writes.
    files : dict
        Size and checksums of each file, by its path.
    snakefile : str or Path
        Copy of the workflow's Snakefile, in `folder`.

    Returns
    -------
    dict
    """
    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms = _TERMS
    jobs = [job for job in record["jobs"] if any(path in files for path in job["outputs"])]
    # A rule is described by its last job.
    rules = {job["rule"]: job for job in jobs}
    workflow = _workflow(crate, record, Path(snakefile).relative_to(folder))
    entities = {path: _file(crate, path, facts, folder) for path, facts in files.items()}
    tools = {rule: _tool(crate, rule, job) for rule, job in rules.items()}
    steps = {
        rule: _add(crate, f"#step-{rule}", "HowToStep", name=rule, position=str(place), workExample=tools[rule])
        for place, rule in enumerate(rules, 1)
    }
    workflow["hasPart"], workflow["step"] = [*tools.values()], [*steps.values()]
    actions = [_action(crate, number, job, tools[job["rule"]], entities) for number, job in enumerate(jobs)]
    controls = [
        _add(crate, f"#control-{number}", "ControlAction", instrument=steps[job["rule"]], object=action)
        for number, (job, action) in enumerate(zip(jobs, actions, strict=True))
    ]
    run = _run(crate, record, jobs, controls, workflow, entities)
    _describe(crate, record, [run, *actions])
    return crate.metadata.generate()


def _add(crate, identifier, kind, **properties):
    return crate.add(ContextEntity(crate, identifier, {"@type": kind, **properties}))


def _describe(crate, record, actions):
    """Describe the crate, and name the profiles that it follows."""
    crate.name = f"Impact melt fractures, run {record['run']}"
    crate.description = "Maps of impact melt fractures from LROC NAC images, with every step that led to them."
    crate.datePublished = record["written"]
    crate.license = _add(
        crate,
        "#license",
        "CreativeWork",
        name="Not licensed yet",
        description="Whoever publishes this crate chooses its license.",
    )
    crate.root_dataset["conformsTo"] = [
        _add(crate, url, "CreativeWork", name=name, version=version) for url, (name, version) in _PROFILES.items()
    ]
    crate.root_dataset["mentions"] = actions


def _workflow(crate, record, path):
    return crate.add_workflow(
        dest_path=path,
        main=True,
        lang="snakemake",
        lang_version=record["environment"]["packages"]["snakemake"],
        properties={
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "Maps of impact melt fractures from LROC NAC images",
            "version": record["commit"] or record["environment"]["imfmap"],
        },
    )


def _file(crate, path, facts, folder):
    path = Path(path)
    place = {"dest_path": path.relative_to(folder)} if facts["of_run"] else {"source": path.resolve().as_uri()}
    if "bytes" not in facts:
        return crate.add_dataset(**place, properties={"name": path.name})
    properties = {
        "name": path.name,
        "contentSize": str(facts["bytes"]),
        "encodingFormat": media_type(path),
    }
    checksums = {key: facts[key] for key in ("sha256", "md5") if key in facts}
    return crate.add_file(**place, properties=properties | checksums)


def _tool(crate, rule, job):
    packages = ", ".join(f"{name} {version}" for name, version in job["environment"]["packages"].items() if version)
    return _add(
        crate,
        f"#rule-{rule}",
        "SoftwareApplication",
        name=rule,
        description=f"Rule {rule} of the workflow, code {job['code']}",
        softwareVersion=job["commit"] or job["environment"]["imfmap"],
        softwareRequirements=f"Python {job['environment']['python']}, {packages}",
    )


def _run(crate, record, jobs, controls, workflow, entities):
    """Add the action of the run as a whole, and the action of Snakemake, which started it; return the first."""
    times = {
        "startTime": min((job["started"] for job in jobs), default=record["written"]),
        "endTime": max((job["ended"] for job in jobs), default=record["written"]),
    }
    config = _add(
        crate,
        "#config",
        "PropertyValue",
        name="config",
        description="The completed configuration (JSON).",
        value=json.dumps(record["config"], sort_keys=True),
    )
    sources = {file["path"] for made in record["products"].values() for key in ("edrs", "other") for file in made[key]}
    run = crate.add_action(
        workflow,
        "#run",
        [*_known(sorted(sources), entities), config],
        _known(record["products"], entities),
        _ended({"name": f"Run {record['run']}", **times}),
    )
    engine = _add(
        crate,
        "#engine",
        "SoftwareApplication",
        name="Snakemake",
        url="https://snakemake.readthedocs.io",
        softwareVersion=record["environment"]["packages"]["snakemake"],
    )
    organised = {"@type": "OrganizeAction", "name": f"Snakemake's run of {record['run']}", **times}
    crate.add_action(engine, "#organised", controls, run, organised)
    return run


def _action(crate, number, job, tool, entities):
    """Add the action of a job. Jobs with the same parameters share one entity of parameters."""
    text = json.dumps(job["params"], sort_keys=True)
    identifier = f"#params-{sha256_of_bytes(text.encode())[:16]}"
    params = crate.get(identifier) or _add(crate, identifier, "PropertyValue", name="params", value=text)
    wildcards = ", ".join(map(str, job["wildcards"].values()))
    properties = {
        "name": f"{job['rule']}{' of ' if wildcards else ''}{wildcards}",
        "startTime": job["started"],
        "endTime": job["ended"],
    }
    inputs, outputs = (_known(job[key], entities) for key in ("inputs", "outputs"))
    return crate.add_action(tool, f"#job-{number}", [*inputs, params], outputs, _ended(properties))


def _ended(properties):
    return {**properties, "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"}}


def _known(paths, entities):
    return [entities[path] for path in paths if path in entities]
