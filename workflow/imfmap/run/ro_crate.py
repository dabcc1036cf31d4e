"""A run as a Provenance Run Crate: https://www.researchobject.org/workflow-run-crate (profile 0.5, RO-Crate 1.1)."""

import json
from pathlib import Path

from ..core.checksums import sha256_of_bytes
from ..core.media_types import media_type

_CONTEXT = "https://w3id.org/ro/crate/1.1/context"
# Terms of the Workflow Run RO-Crate profiles that RO-Crate 1.1 does not have.
_TERMS = {name: f"https://w3id.org/ro/terms/workflow-run#{name}" for name in ("md5", "sha256")}
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_SNAKEMAKE = "https://snakemake.readthedocs.io"


def crate_of(folder, record, files, snakefile):
    """JSON-LD of a run's crate.

    Every job of the run is an action on the files it read and wrote, so that each product can be followed back to the
    images; the run as a whole is one action from the images to the products.

    Parameters
    ----------
    folder : path
        The run's; the crate's root.
    record : dict
        Of `provenance.write_provenance`.
    files : dict
        What is known of each file, by its path.
    snakefile : path
        The copy of the workflow's entry, in `folder`.

    Returns
    -------
    dict
    """
    folder = Path(folder)
    ids = {path: _identifier(path, about, folder) for path, about in files.items()}
    entry = _identifier(str(snakefile), {"of_run": True, "bytes": 0}, folder)
    jobs = [job for job in record["jobs"] if any(path in ids for path in job["outputs"])]
    rules = list(dict.fromkeys(job["rule"] for job in jobs))
    leaves = {leaf["path"] for about in record["products"].values() for key in ("edrs", "other") for leaf in about[key]}
    last = max((job["ended"] for job in jobs), default=record["written"])
    first = min((job["started"] for job in jobs), default=record["written"])
    graph = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": [
                {"@id": "https://w3id.org/ro/crate/1.1"},
                {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
            ],
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Impact melt fractures, run {record['run']}",
            "description": "Maps of impact melt fractures from LROC NAC images, with every step that led to them.",
            "datePublished": record["written"],
            "license": {"@id": "#license"},
            "conformsTo": _links(_PROFILES),
            "mainEntity": {"@id": entry},
            "hasPart": _links([entry, *ids.values()]),
            "mentions": _links(["#run", *(f"#job-{number}" for number in range(len(jobs)))]),
        },
        *(
            {"@id": url, "@type": "CreativeWork", "name": name, "version": version}
            for url, (name, version) in _PROFILES.items()
        ),
        {
            "@id": "#license",
            "@type": "CreativeWork",
            "name": "Not licensed yet",
            "description": "Whoever publishes this crate says under which license.",
        },
        {
            "@id": "#snakemake",
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "alternateName": "Snakemake",
            "identifier": {"@id": _SNAKEMAKE},
            "url": {"@id": _SNAKEMAKE},
            "version": record["environment"]["packages"]["snakemake"],
        },
        {
            "@id": "#engine",
            "@type": "SoftwareApplication",
            "name": "Snakemake",
            "url": _SNAKEMAKE,
            "softwareVersion": record["environment"]["packages"]["snakemake"],
        },
        {
            "@id": entry,
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "Maps of impact melt fractures from LROC NAC images",
            "programmingLanguage": {"@id": "#snakemake"},
            "version": record["commit"] or record["environment"]["imfmap"],
            "hasPart": _links(f"#rule-{rule}" for rule in rules),
            "step": _links(f"#step-{rule}" for rule in rules),
        },
        *(_tool(rule, next(job for job in reversed(jobs) if job["rule"] == rule)) for rule in rules),
        *(
            {
                "@id": f"#step-{rule}",
                "@type": "HowToStep",
                "name": rule,
                "position": str(place),
                "workExample": {"@id": f"#rule-{rule}"},
            }
            for place, rule in enumerate(rules, 1)
        ),
        {
            "@id": "#organised",
            "@type": "OrganizeAction",
            "name": f"Snakemake's run of {record['run']}",
            "instrument": {"@id": "#engine"},
            "object": _links(f"#control-{number}" for number in range(len(jobs))),
            "result": {"@id": "#run"},
            "startTime": first,
            "endTime": last,
        },
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": f"Run {record['run']}",
            "instrument": {"@id": entry},
            "object": [*_links(ids[path] for path in sorted(leaves) if path in ids), {"@id": "#config"}],
            "result": _links(ids[path] for path in record["products"] if path in ids),
            "startTime": first,
            "endTime": last,
            "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        },
        {
            "@id": "#config",
            "@type": "PropertyValue",
            "name": "config",
            "description": "The completed configuration (JSON).",
            "value": json.dumps(record["config"], sort_keys=True),
        },
        *(_file(ids[path], path, about) for path, about in files.items()),
    ]
    params = {}
    for number, job in enumerate(jobs):
        graph += _actions(number, job, ids, params)
    graph += params.values()
    return {"@context": [_CONTEXT, _TERMS], "@graph": graph}


def _identifier(path, about, folder):
    path, ending = Path(path), "" if "bytes" in about else "/"
    if about["of_run"]:
        return f"{path.relative_to(folder).as_posix()}{ending}"
    return f"{path.resolve().as_uri()}{ending}"


def _links(identifiers):
    return [{"@id": identifier} for identifier in identifiers]


def _file(identifier, path, about):
    if "bytes" not in about:
        return {"@id": identifier, "@type": "Dataset", "name": Path(path).name}
    entity = {
        "@id": identifier,
        "@type": "File",
        "name": Path(path).name,
        "contentSize": str(about["bytes"]),
        "encodingFormat": media_type(path),
    }
    return entity | {key: about[key] for key in ("sha256", "md5") if key in about}


def _tool(rule, job):
    packages = ", ".join(f"{name} {version}" for name, version in job["environment"]["packages"].items() if version)
    return {
        "@id": f"#rule-{rule}",
        "@type": "SoftwareApplication",
        "name": rule,
        "description": f"Rule {rule} of the workflow, code {job['code']}",
        "softwareVersion": job["commit"] or job["environment"]["imfmap"],
        "softwareRequirements": f"Python {job['environment']['python']}, {packages}",
    }


def _actions(number, job, ids, params):
    """A job's action, and the one that started it; its parameters are put among those of the others."""
    text = json.dumps(job["params"], sort_keys=True)
    digest = sha256_of_bytes(text.encode())[:16]
    params[digest] = {"@id": f"#params-{digest}", "@type": "PropertyValue", "name": "params", "value": text}
    of = ", ".join(map(str, job["wildcards"].values()))
    return [
        {
            "@id": f"#job-{number}",
            "@type": "CreateAction",
            "name": f"{job['rule']}{' of ' if of else ''}{of}",
            "instrument": {"@id": f"#rule-{job['rule']}"},
            "object": [*_links(ids[path] for path in job["inputs"] if path in ids), {"@id": f"#params-{digest}"}],
            "result": _links(ids[path] for path in job["outputs"] if path in ids),
            "startTime": job["started"],
            "endTime": job["ended"],
            "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        },
        {
            "@id": f"#control-{number}",
            "@type": "ControlAction",
            "instrument": {"@id": f"#step-{job['rule']}"},
            "object": {"@id": f"#job-{number}"},
        },
    ]
