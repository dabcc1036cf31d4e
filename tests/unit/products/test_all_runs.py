"""One catalogue of many runs: it links to each of them, and refuses what is no catalogue of a run."""

import json
import shutil
import sys

import pystac
import pytest

from imfmap.core.errors import InputError
from imfmap.products import all_runs
from imfmap.products.all_runs import catalogue_runs
from imfmap.products.stac import write_catalog


@pytest.fixture
def runs(tmp_path):
    """Catalogues of three runs, in a folder each."""
    paths = [tmp_path / "results" / name / "catalog.json" for name in ("north", "south", "far_side")]
    for path in paths:
        path.parent.mkdir(parents=True)
        write_catalog(path, path.parent.name, [])
    return paths


def test_the_catalogue_leads_to_all_runs_wherever_it_lies(runs, tmp_path):
    catalogue_runs(tmp_path / "results" / "catalog.json", "moon", runs)
    shutil.move(tmp_path / "results", tmp_path / "moved")
    whole = pystac.Catalog.from_file(str(tmp_path / "moved" / "catalog.json"))
    assert whole.id == "moon" and [child.id for child in whole.get_children()] == ["north", "south", "far_side"]
    hrefs = [link["href"] for link in json.loads((tmp_path / "moved" / "catalog.json").read_text())["links"]]
    assert not any(href.startswith(("/", "http")) for href in hrefs)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read as JSON"),
        ("{", "cannot be read as JSON"),
        ("[]", "is no STAC catalogue"),
        ('{"type": "Collection", "id": "floor"}', "is no STAC catalogue"),
        ('{"type": "Catalog", "id": "north"}', "has the id 'north', as "),
    ],
)
def test_what_is_no_catalogue_of_a_run_is_refused_in_one_line(runs, tmp_path, monkeypatch, content, said):
    other, out = tmp_path / "other.json", tmp_path / "catalog.json"
    if content is not None:
        other.write_text(content)
    with pytest.raises(InputError, match=said):
        catalogue_runs(out, "moon", [*runs, other])
    monkeypatch.setattr(sys, "argv", ["all_runs", "moon", str(out), *map(str, runs), str(other)])
    with pytest.raises(SystemExit) as ended:
        all_runs.main()
    assert str(ended.value).startswith(f"{other}: ") and "\n" not in str(ended.value)
    assert not out.exists()


def test_the_catalogue_is_not_made_of_itself(runs):
    with pytest.raises(InputError, match="is the file to write"):
        catalogue_runs(runs[0], "moon", runs)
