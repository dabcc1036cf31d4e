"""The record of a run: who made what, back to the images, and its crate in the eyes of a validator."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import rocrate
from rocrate.rocrate import ROCrate
from rocrate_validator import services
from rocrate_validator.models import Severity
from rocrate_validator.utils.http import HttpRequester

from imfmap.core.errors import InputError
from imfmap.run.job_records import COMMIT_VARIABLE, FOLDER, read_records, record_path, write_record
from imfmap.run.provenance import lineage, write_provenance
from imfmap.run.ro_crate import crate_of

RUN = Path("results", "mini")
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# Rule, wildcards, inputs, outputs.
JOBS = [
    ("download", {"target": "floor", "product": "M1L"}, ["floor/products.csv"], ["floor/edr/M1L.IMG"]),
    ("fetch_isisdata", {"target": "floor", "product": "M1L"}, ["floor/edr/M1L.IMG"], ["floor/isisdata/M1L.json"]),
    ("project_edr", {"target": "floor", "product": "M1L"}, ["floor/edr/M1L.IMG"], ["floor/projected/M1L.tif"]),
    ("project_edr", {"target": "floor", "product": "M2R"}, ["/theirs/M2R.IMG"], ["floor/projected/M2R.tif"]),
    ("mosaic", {"target": "floor"}, ["floor/projected/M1L.tif", "floor/projected/M2R.tif"], ["floor/mosaic.tif"]),
    ("map", {"target": "floor"}, ["floor/mosaic.tif", "floor/old.gpkg"], ["floor/map.png"]),
    ("viewer", {"target": "floor"}, ["floor/mosaic.tif"], ["floor/viewer"]),
]


class Values(dict):
    """As Snakemake gives wildcards and parameters."""


class Job:
    """What a script is given."""

    def __init__(self, number, rule, wildcards, inputs, outputs):
        name = ".".join(wildcards.values())
        self.rule, self.wildcards, self.threads = rule, Values(wildcards), 2
        self.input, self.output, self.params = inputs, outputs, Values(code="c" * 64, place={"lat": 1.5}, number=number)
        self.log = [str(RUN / "logs" / rule / f"{name}.log")]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Function that writes the provenance of a small run in the working directory; its record."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(COMMIT_VARIABLE, "0123456789abcdef0123456789abcdef01234567")

    def place(path):
        return str(tmp_path / "theirs" / "M2R.IMG") if path.startswith("/theirs") else str(RUN / path)

    for number, (rule, wildcards, inputs, outputs) in enumerate(JOBS):
        inputs, outputs = [place(path) for path in inputs], [place(path) for path in outputs]
        for path in map(Path, (*inputs, *outputs)):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.name == "viewer":
                path.mkdir()
                (path / "index.html").write_text("<p>")
            elif not path.exists():
                kernels = {"kernels": {"ck": ["ck/one.bc"]}}
                path.write_text(json.dumps(kernels) if path.suffix == ".json" else f"content of {path.name}")
        write_record(Job(number, rule, wildcards, inputs, outputs), START + timedelta(minutes=number))

    def write():
        products = [str(RUN / "floor" / name) for name in ("map.png", "viewer")]
        paths = [RUN / "provenance" / "run.json", RUN / "ro-crate-metadata.json", RUN / "provenance" / "Snakefile"]
        write_provenance(RUN, {"run": {"name": "mini"}}, products, *paths)
        return json.loads(paths[0].read_text())

    return write


def test_a_record_lies_beside_the_logs_and_tells_all(run):
    records = read_records(RUN)
    record = records[str(RUN / "floor" / "mosaic.tif")]
    assert record_path(RUN / "logs" / "mosaic" / "floor.log") == RUN / "provenance" / "jobs" / "mosaic" / "floor.json"
    assert record_path("somewhere.log") is None
    assert record["rule"] == "mosaic" and len(record["inputs"]) == 2 and record["code"] == "c" * 64
    assert record["params"] == {"place": {"lat": 1.5}, "number": 4}
    assert record["commit"].startswith("0123") and record["environment"]["packages"]["numpy"]
    (RUN / "floor" / "mosaic.tif").unlink()
    assert str(RUN / "floor" / "mosaic.tif") not in read_records(RUN)


def test_every_product_goes_back_to_the_md5_of_its_images(run, tmp_path):
    record = run()
    found = record["products"][str(RUN / "floor" / "map.png")]
    assert found["jobs"] == ["download", "project_edr", "mosaic", "map"]
    contents = {
        str(RUN / "floor/edr/M1L.IMG"): b"content of M1L.IMG",
        str(tmp_path / "theirs/M2R.IMG"): b"content of M2R.IMG",
    }
    assert {edr["path"]: edr["md5"] for edr in found["edrs"]} == {
        path: hashlib.md5(content).hexdigest() for path, content in contents.items()
    }
    # What the run holds and no job left a record of is said, not passed over.
    assert found["unrecorded"] == [str(RUN / "floor" / "old.gpkg"), str(RUN / "floor" / "products.csv")]
    assert found["other"] == [] and record["kernels"] == {"M1L": {"ck": ["ck/one.bc"]}}
    files = {file["path"]: file for file in record["files"]}
    assert files[str(RUN / "floor" / "map.png")]["sha256"] == hashlib.sha256(b"content of map.png").hexdigest()
    assert [job["rule"] for job in record["jobs"]].count("project_edr") == 2


def test_a_loop_of_records_ends():
    records = {"a": {"rule": "one", "inputs": ["b"]}, "b": {"rule": "two", "inputs": ["a"]}}
    assert lineage("a", records, {})["jobs"] == ["two", "one"]


def validated(folder, monkeypatch, profile):
    """What a validator has against a crate, without a network.

    The context is the one that rocrate brings, that of RO-Crate 1.3, with the four terms that say otherwise in 1.1.
    """
    context = json.loads((Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text())
    context["@context"] |= {
        name: f"https://bioschemas.org/{name}" for name in ("ComputationalWorkflow", "FormalParameter")
    }
    context["@context"] |= {
        name: f"https://bioschemas.org/ComputationalWorkflow#{name}" for name in ("input", "output")
    }
    answer = requests.Response()
    answer.status_code, answer._content = 200, json.dumps(context).encode()
    answer.headers["Content-Type"] = "application/ld+json"
    monkeypatch.setattr(HttpRequester, "get", lambda *_, **__: answer, raising=False)
    settings = services.ValidationSettings(
        rocrate_uri=str(folder),
        profile_identifier=profile,
        requirement_severity=Severity.REQUIRED,
        offline=True,
        cache_path=str(Path.cwd() / "cache"),
        skip_availability_check=True,
    )
    return [f"{issue.check.identifier}: {issue.message}" for issue in services.validate(settings).get_issues()]


@pytest.mark.slow
def test_the_crate_is_what_its_profile_asks_for(run, monkeypatch):
    run()
    assert validated(RUN, monkeypatch, "provenance-run-crate") == []
    metadata = RUN / "ro-crate-metadata.json"
    content = json.loads(metadata.read_text())
    for entity in content["@graph"]:
        if entity["@type"] == "ControlAction":
            del entity["instrument"]
    metadata.write_text(json.dumps(content))
    assert any("HowToStep" in issue for issue in validated(RUN, monkeypatch, "provenance-run-crate"))


def test_the_crate_leads_from_the_map_to_the_image(run, tmp_path):
    run()
    crate = ROCrate(RUN)
    made_by = {
        result.id: action
        for action in crate.get_by_type("CreateAction")
        for result in action["result"]
        if action.id != "#run"
    }
    path, way = "floor/map.png", []
    while path in made_by:
        way.append(made_by[path]["name"])
        path = made_by[path]["object"][0].id
    assert way == ["map of floor", "mosaic of floor", "project_edr of floor, M1L", "download of floor, M1L"]
    assert crate.get("floor/edr/M1L.IMG")["md5"] == hashlib.md5(b"content of M1L.IMG").hexdigest()
    assert crate.get((tmp_path / "theirs" / "M2R.IMG").as_uri())["sha256"]
    assert crate.mainEntity.id == "provenance/Snakefile" and crate.get("floor/viewer/").type == "Dataset"


def test_a_run_of_no_job_is_a_crate_too(tmp_path):
    record = {
        "run": "x",
        "written": "2026-01-01T00:00:00+00:00",
        "commit": None,
        "config": {},
        "jobs": [],
        "products": {},
    }
    environment = {"imfmap": "1", "python": "3", "packages": {"snakemake": "9"}}
    crate = crate_of(tmp_path, {**record, "environment": environment}, {}, tmp_path / "provenance" / "Snakefile")
    assert len({entity["@id"] for entity in crate["@graph"]}) == len(crate["@graph"])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b'{"outputs": 3}', b'{"outputs": ["."]}', b"[" * 99_999])
def test_a_record_that_is_none_is_named(tmp_path, content):
    path = tmp_path / FOLDER / "mosaic" / "floor.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"floor\.json: (cannot be read as JSON|is no record of a job)"):
        read_records(tmp_path)
