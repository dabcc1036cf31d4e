"""Every name of the library that documents, docstrings and comments give exists."""

import ast
import importlib.util
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "workflow" / "imfmap"
MODULES = {path.stem: path for path in sorted(PACKAGE.rglob("*.py")) if path.stem != "__init__"}
DOCUMENTS = [
    *(ROOT / "README.md", ROOT / "Makefile", ROOT / "Snakefile", ROOT / "config" / "README.md"),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "config").glob("*.yaml")),
    *sorted((ROOT / "workflow").rglob("*.smk")),
]
CODE = [path for folder in ("workflow", "benchmarks", "resources") for path in sorted((ROOT / folder).rglob("*.py"))]
DOTTED = re.compile(r"\bimfmap((?:\.\w+)+)")
FILE = re.compile(r"\bimfmap/([\w./]+\w)")
# A reference in a docstring or comment, as numpydoc has it: `module.name`, `package.module.name`, or the type of a
# parameter.
REFERENCE = re.compile(
    r"(?<!`)`([a-z_]\w*|[A-Z]\w*)\.(\w+)[\w.]*(?:\(.*?\))?`(?!`)|^\s*[\w, ]+ : ([a-z_]\w*)\.([A-Z]\w+)", re.M
)
SUFFIXES = ("csv", "json", "tif", "gpkg", "yaml", "md")
ABBREVIATED = ("nn",)  # torch.nn


@cache
def names_in(path):
    """Names that a module binds anywhere: functions, classes, methods, attributes, variables."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names |= {value for key in ("name", "id", "attr", "arg") if isinstance(value := getattr(node, key, None), str)}
    return names


@cache
def classes():
    """Modules of the library's classes by the class's name."""
    nodes = ((path, node) for path in MODULES.values() for node in ast.walk(ast.parse(path.read_text())))
    return {node.name: path for path, node in nodes if isinstance(node, ast.ClassDef)}


def missing_from_package(text):
    """Yield the names ``imfmap.x.y`` and ``imfmap/x/y.py`` in a text that do not exist."""
    for match in DOTTED.finditer(text):
        path, parts = PACKAGE, match[1][1:].split(".")
        while parts and (path / parts[0]).is_dir():
            path /= parts.pop(0)
        if parts and path.is_dir():
            path = path / f"{parts.pop(0)}.py"
        if not path.exists() or (parts and parts[0] not in names_in(path)):
            yield match[0]
    for match in FILE.finditer(text):
        if not (PACKAGE / match[1]).exists():
            yield match[0]


def missing_references(text):
    """Yield the references to names of a package, module or class in docstrings and comments that do not exist."""
    for match in REFERENCE.finditer(text):
        owner, name = match[1] or match[3], match[2] or match[4]
        dotted = re.match(r"`([\w.]+)", match[0])
        if dotted and not list(missing_from_package(f"imfmap.{dotted[1]}")):
            continue
        path = MODULES.get(owner) or classes().get(owner)
        if path is None and (name in SUFFIXES or owner in ABBREVIATED or importlib.util.find_spec(owner)):
            continue
        owners = [*PACKAGE.rglob(f"{owner}.py")] or [path]
        if path is None or not any(name in names_in(file) for file in owners):
            yield f"{owner}.{name}"


def prose_of(path):
    """Docstrings and comments of a file."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    kinds = (tokenize.COMMENT, tokenize.STRING)
    return "\n".join(token.string for token in tokens if token.type in kinds and token.string.startswith(("#", '"""')))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_in_documents_exist(path):
    assert list(missing_from_package(path.read_text())) == []


def test_names_in_docstrings_and_comments_exist():
    missing = {}
    for path in CODE:
        prose = prose_of(path)
        missing[str(path.relative_to(ROOT))] = [*missing_from_package(prose), *missing_references(prose)]
    assert {path: names for path, names in missing.items() if names} == {}


@pytest.mark.parametrize(
    "text",
    [
        *("`imfmap.scoring.score_image`", "`imfmap.blockstore.BlockStore`", "python -m imfmap.plan_report"),
        *("imfmap.core.errors.Nothing", "`imfmap/fingerprints.py`", "workflow/imfmap/isis/interface.json"),
    ],
)
def test_a_name_of_the_package_that_is_gone_is_found(text):
    assert len(list(missing_from_package(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("see `blockstore.BlockStore`", "`part_store.BlockStore`", "`MapGrid.nothing`", "`nothing.of(path)`"),
        *("`run.nothing`", "`core.files.nothing`", "`run.config.nothing.complete`"),
        "    camera : camera.LineScan",
    ],
)
def test_a_reference_to_a_name_that_is_gone_is_found(text):
    assert len(list(missing_references(text))) == 1


LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")
# Named folders: what a run or pytest itself writes is no page.
PAGES = [
    path for folder in (".", "config", "docs", "envs", "resources") for path in sorted((ROOT / folder).glob("*.md"))
]


def broken_links(text, folder):
    """Links of a page to files that do not exist."""
    return [link for link in LINK.findall(text) if not (folder / link).exists()]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_to_files(path):
    assert broken_links(path.read_text(), path.parent) == []


def test_a_link_to_a_file_that_is_not_there_is_found():
    text = "[a](docs/start.md) [b](https://example.org/x) [c](#part) ![d](docs/images/demo_map.jpg#x)"
    assert broken_links(text, ROOT) == []
    assert broken_links(text, ROOT / "docs") == ["docs/start.md", "docs/images/demo_map.jpg"]
