"""The table of products against the rules, the catalogue, the docs and the config."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from docs.reference_tables import TABLES, marks, with_tables

from imfmap.core.media_types import CLOUD_OPTIMIZED_GEOTIFF, MEDIA_TYPES, UNKNOWN, media_type
from imfmap.products import product_files
from imfmap.products.product_files import BOUNDARY, IMAGE_FILES, RUN_FILES, TARGET_FILES, TRUTH, announced, wanted
from imfmap.run.config.results import Products
from tests.helpers import rules
from tests.helpers.library import LIBRARY, REPOSITORY, modules_with

NAMES = {file.name for file in TARGET_FILES}
# Files that rules make for other rules, or for the person who chooses images and draws labels.
BETWEEN = {
    *("distances.json", "labels.tif", "draft_labels.gpkg"),
    *("left_out.csv", "products.csv", "products.gpkg", "products.json"),
}


def test_names_are_there_once():
    for files in (TARGET_FILES, IMAGE_FILES, RUN_FILES):
        assert len({file.name for file in files}) == len(files)
    places = [file.announced for file in (*TARGET_FILES, *RUN_FILES) if file.announced is not None]
    assert sorted(places) == list(range(len(places)))


def outputs(folder):
    """Names below a folder of all outputs of the rules; `multiext` and `directory` put in."""
    found = set()
    for body in rules.rules().values():
        part = re.search(r"^( *)output:\n((?:\1 +.*\n)+)", body, re.M)
        text = part[2] if part else ""
        for stem, endings in re.findall(rf'multiext\(f"{folder}/([^"]+)"((?:, "[^"]+")+)\)', text):
            found |= {stem + ending for ending in re.findall(r'"([^"]+)"', endings)}
        text = re.sub(r"multiext\([^)]*\)", "", text)
        found |= set(re.findall(rf'f"{folder}/([^"]+)"', text))
    return found


def test_a_rule_makes_each_file_of_a_target():
    made = outputs(r"\{RUN\}/\{\{target\}\}")
    assert made >= NAMES - {"fractures.shp", "fractures.geojson"}


def test_each_file_of_a_target_is_in_the_table():
    """What a rule leaves at the top of a target's folder is a product, or one of `BETWEEN`."""
    top = {name for name in outputs(r"\{RUN\}/\{\{target\}\}") if "/" not in name}
    assert top - NAMES == BETWEEN


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("holds", [(), (BOUNDARY,), (TRUTH,), (BOUNDARY, TRUTH)])
def test_what_is_wanted(asked, holds):
    chosen = {file.name for file in wanted(dict.fromkeys(("sheets", "qgis", "viewer", "stac"), asked), holds)}
    assert {"mosaic.tif", "fractures.gpkg", "map.png", "summary.json"} <= chosen
    assert ({"overview.pdf", "map.qgz", "viewer", "stac"} <= chosen) == asked
    assert ("distances.png" in chosen) == (BOUNDARY in holds)
    assert ("measures.csv" in chosen) == (TRUTH in holds)


def test_each_key_of_the_config_asks_for_a_file():
    keys = set(Products.model_fields) - {"viewer_images"}
    assert {file.asked_by for file in (*TARGET_FILES, *RUN_FILES)} - {None} == keys


def test_no_other_module_lists_the_products():
    """A module that names many of them has a list of its own."""
    found = {}
    for path in LIBRARY.rglob("*.py"):
        text = path.read_text()
        named = {name for name in NAMES if "." in name and f'"{name}"' in text}
        if len(named) > 3:
            found[str(path.relative_to(LIBRARY))] = sorted(named)
    assert set(found) == {"products/product_files.py"}, found


def test_no_other_module_names_media_types():
    for name in {*MEDIA_TYPES.values(), UNKNOWN}:
        assert modules_with(f'"{name}') <= {"imfmap/core/media_types.py"}, name


def test_media_types():
    by_name = {file.name: file.media_type for file in TARGET_FILES}
    assert by_name["mosaic.tif"] == by_name["density.tif"] == CLOUD_OPTIMIZED_GEOTIFF
    assert (by_name["viewer"], by_name["map.png"]) == ("text/html", "image/png")
    assert UNKNOWN not in by_name.values() and media_type("edr/M1L.IMG") == UNKNOWN


def test_it_imports_nothing_heavy():
    """Every job of a run imports the table, in whatever environment."""
    code = (
        "import sys; before = set(sys.modules); import imfmap.products.product_files; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=LIBRARY.parent, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["imfmap"]


def test_the_last_lines_of_a_run_name_the_map_first():
    assert announced()[0] == ("*/map.png", "the map (and map.pdf)")
    assert ("*/viewer/index.html", "the map to open in a browser") in announced()
    assert ("models/*/curves.png", "training curves") in announced()


@pytest.mark.parametrize("name", TABLES)
def test_the_docs_have_the_tables_of_the_code(name):
    text = (REPOSITORY / name).read_text()
    assert sorted(marks(text)) == sorted(TABLES[name])
    assert with_tables(text, TABLES[name]) == text, f"run python docs/reference_tables.py: {name} differs"


def test_a_product_that_the_docs_lack_is_seen(monkeypatch):
    added = (*TARGET_FILES, replace(TARGET_FILES[0], name="new.tif", description="new"))
    monkeypatch.setattr(product_files, "TARGET_FILES", added)
    text = (REPOSITORY / "docs" / "products.md").read_text()
    assert with_tables(text, TABLES["docs/products.md"]) != text


def test_the_first_page_names_products_that_there_are():
    """Of the demo's table each name is a product or a folder of products; what a run announces of a target is in it."""
    text = (REPOSITORY / "docs" / "start.md").read_text()
    table = text[text.index("| file | what it is |") : text.index("## Two recipes")]
    cells = [line.split("|")[1] for line in table.splitlines()[2:] if line.startswith("|")]
    named = {name.removeprefix("unseen/") for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    named = {name for name in named if not name.startswith(".")}
    files = [file.path.replace("{model}", "small_unet") for file in (*TARGET_FILES, *IMAGE_FILES, *RUN_FILES)]
    known = set(files) | {file.rsplit(".", 1)[0] for file in files} | {file.rsplit("/", 1)[0] + "/" for file in files}
    assert named <= known, sorted(named - known)
    shown = {file.path for file in TARGET_FILES if file.announced is not None}
    assert shown <= named, sorted(shown - named)
