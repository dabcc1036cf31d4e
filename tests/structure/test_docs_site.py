"""The documentation as a site, and the notebook."""

import importlib.util
import json
import re
import subprocess
import sys

import geopandas as gpd
import matplotlib
import pandas as pd
import pytest
import yaml
from shapely.geometry import LineString, box

from .library import ROOT

CRS = "+proj=eqc +R=1737400 +units=m"


@pytest.fixture(scope="module")
def hooks():
    spec = importlib.util.spec_from_file_location("site_hooks", ROOT / "docs" / "site_hooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_on_the_site_and_every_link_leads_somewhere(tmp_path, hooks):
    # The configuration is strict: a page outside of the contents, or a link that leads nowhere, ends the build.
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={"NO_MKDOCS_2_WARNING": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.stem for path in (tmp_path / "site").glob("*.html")} - {"404"}
    assert pages == {path.stem for path in (ROOT / "docs").glob("*.md")} | {
        page[:-3] for page in hooks.ELSEWHERE.values()
    }
    # Read on a machine without a network: nothing is loaded from elsewhere.
    loaded = re.findall(
        r'<(?:script|link)[^>]+(?:src|href)="(https?://[^"]+)"', (tmp_path / "site" / "index.html").read_text()
    )
    assert not loaded


@pytest.mark.parametrize(
    ("source", "written", "expected"),
    [
        ("README.md", "[map](docs/products.md#a)", "[map](products.md#a)"),
        ("docs/start.md", "[README](../README.md)", "[README](index.md)"),
        ("config/README.md", "[page](../docs/labels.md)", "[page](labels.md)"),
        ("docs/start.md", "[keys](../config/README.md#targets)", "[keys](configuration.md#targets)"),
        ("README.md", "![map](docs/images/demo_map.jpg)", "![map](images/demo_map.jpg)"),
        ("docs/a.md", "[paper](https://doi.org/x) [here](#b)", "[paper](https://doi.org/x) [here](#b)"),
        # There is no page of a source file.
        ("docs/cluster.md", "[`profile`](../profiles/slurm/config.yaml)", "`profile`"),
    ],
)
def test_links_of_the_repository_lead_to_pages_of_the_site(hooks, source, written, expected):
    assert hooks.LINK.sub(lambda match: hooks.link_for_site(match, source, None), written) == expected


def test_source_files_are_linked_where_the_repositorys_address_is_known(hooks):
    match = hooks.LINK.search("[code](../Snakefile)")
    assert hooks.link_for_site(match, "docs/a.md", "https://host/it/") == "[code](https://host/it/blob/HEAD/Snakefile)"


def test_the_site_has_the_words_of_the_configuration():
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert config["strict"] and {"search", "offline"} <= set(config["plugins"])


def write_map(path, scale):
    """A map of two fractures in layers like those of a run."""
    path.parent.mkdir(parents=True)
    columns = {"fracture": [1, 2], "mean_width_m": [5.0, 12.0], "orientation_deg": [90.0, 0.0]}
    columns |= {"confidence": [0.7, 0.9], "area_m2": [500.0, 600.0]}
    columns |= {"length_m": [100.0 * scale, 50.0], "total_length_m": [120.0 * scale, 50.0]}
    shapes = [box(0, 0, 100, 5), box(40, 20, 52, 70)]
    gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS).to_file(path, layer="fractures")
    lines = [LineString([(0, 0), (100, 0)]), LineString([(46, 20), (46, 70)])]
    segments = {"orientation_deg": [90.0, 0.0], "length_m": [120.0 * scale, 50.0]}
    gpd.GeoDataFrame(segments, geometry=lines, crs=CRS).to_file(path, layer="segments")
    statistics = pd.DataFrame({"quantity": ["ground.mapped_km2"], "value": ["2"]})
    statistics.to_csv(path.with_name("statistics.csv"), index=False)


def test_the_notebook_compares_two_craters(tmp_path, monkeypatch):
    notebook = json.loads((ROOT / "docs" / "reading_a_map.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    # It is kept without results, which are those of one machine.
    assert not any(cell.get("outputs") for cell in notebook["cells"])
    names = {}
    exec(cells[0], names)
    paths = {name: tmp_path / path for name, path in names["MAPS"].items()}
    for scale, path in enumerate(paths.values(), start=1):
        write_map(path, scale)
    (tmp_path / "Snakefile").touch()
    # It finds the clone's folder from the folder of the notebook.
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    matplotlib.use("Agg")
    for cell in cells[1:]:
        exec(cell, names)
    assert list(names["MAPS"]) == list(paths) == ["unseen", "test_a"]
    summaries = {name: names["summary"](names["fractures"][name], path) for name, path in paths.items()}
    lengths = {name: summary["length for each km² (km)"] for name, summary in summaries.items()}
    assert lengths == {"unseen": pytest.approx(0.085), "test_a": pytest.approx(0.145)}
    direction, strength = names["directions"]["unseen"]
    assert direction == pytest.approx(90) and strength == pytest.approx((120 - 50) / 170)
    names["plt"].close("all")
