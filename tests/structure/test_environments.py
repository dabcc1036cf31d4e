"""Conda environments: they hold what their scripts import, in versions that were seen, fit each other and fit pip's."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions

import pytest
import yaml

from imfmap.core.code_digest import reached

from .library import PACKAGE, ROOT, WORKFLOW, imports_of, modules

SCRIPTS = WORKFLOW / "scripts"
PINS = dict(
    line.lower().split("==") for line in (ROOT / "envs" / "requirements.txt").read_text().splitlines() if "==" in line
)


def scripts_of_rules(text):
    """Pairs of a rule's conda environment (None: it has none) and its script, read from a file of rules."""
    found = []
    for block in re.split(r"^ *(?:rule|checkpoint)\b[^\n]*:$", text, flags=re.MULTILINE)[1:]:
        script = re.search(r'^ *script:\s+"\.\./scripts/(\w+\.py)"', block, re.MULTILINE)
        conda = re.search(r'^ *conda:\s+"\.\./\.\./envs/(\w+)\.yaml"', block, re.MULTILINE)
        if script:
            found.append((conda and conda[1], script[1]))
    return found


RULES = [pair for path in sorted((WORKFLOW / "rules").glob("*.smk")) for pair in scripts_of_rules(path.read_text())]


def packages_of(environment):
    """Packages that an environment's file names, to their pins ("" without one)."""
    wanted = yaml.safe_load((ROOT / "envs" / f"{environment}.yaml").read_text())["dependencies"]
    names = [name for entry in wanted for name in (entry["pip"] if isinstance(entry, dict) else [entry])]
    return {re.split("[=<>]", name.lower())[0]: re.sub("^[^=<>]*=*", "", name) for name in names}


def foreign_imports(script, package=PACKAGE):
    """Top-level modules that a script loads and that are neither Python's nor this library's, to the files that do.

    The import of a module runs all imports of its own level, whatever of it is used. Those in a function run if the
    function does: they count where the script can reach the function by name, as the code digest follows names.
    """
    known = _modules(package)
    parts = reached(script)
    pending, seen, found = [file for file, _ in parts if file.suffix == ".py"], set(), {}
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        for one in _imports(path, package):
            if one.lazy or one.for_types:
                continue
            if one.module in known:
                pending.append(known[one.module])
            else:
                found.setdefault(one.module.split(".")[0], set()).add(path.name)
    for (file, _), statements in parts.items():
        tree = ast.Module([part for part in statements if isinstance(part, ast.AST)], [])
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for node in (node for function in functions for node in ast.walk(function)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            for name in names:
                found.setdefault(name.split(".")[0], set()).add(file.name)
    own = {*sys.stdlib_module_names, package.name}
    return {name: files for name, files in found.items() if name not in own}


@cache
def _modules(package):
    return modules(package)


@cache
def _imports(path, package):
    return imports_of(path, _modules(package))


@cache
def _distributions():
    return packages_distributions()


def missing(script, packages, package=PACKAGE):
    """Lines on modules that a script loads and that no package of an environment brings."""
    lines = []
    for name, files in sorted(foreign_imports(script, package).items()):
        brought_by = {one.lower() for one in _distributions().get(name, [name])}
        if not brought_by & set(packages):
            lines.append(f"{script.name}: {', '.join(sorted(files))} import {name}, of {', '.join(sorted(brought_by))}")
    return lines


def test_every_script_belongs_to_a_rule():
    assert {script for _, script in RULES} == {path.name for path in SCRIPTS.glob("*.py")}


def test_the_environment_of_every_rule_is_read():
    text = "".join(path.read_text() for path in (WORKFLOW / "rules").glob("*.smk"))
    assert len(re.findall(r"^ *script:", text, re.MULTILINE)) == len(RULES)
    assert len(re.findall(r"^ *conda:", text, re.MULTILINE)) == len([one for one, _ in RULES if one])


@pytest.mark.parametrize("environment", sorted({one for one, _ in RULES if one}))
def test_an_environment_has_what_its_scripts_import(environment):
    packages = packages_of(environment)
    scripts = sorted({script for one, script in RULES if one == environment})
    assert [line for script in scripts for line in missing(SCRIPTS / script, packages)] == []


ENVIRONMENTS = sorted(path.stem for path in (ROOT / "envs").glob("*.yaml"))
README = (ROOT / "envs" / "README.md").read_text()
# Of conda's format for environment files; conda ignores any other key.
CONDA_KEYS = {"name", "channels", "dependencies", "prefix", "variables"}
CHANNELS = {"conda-forge", "bioconda", "usgs-astrogeology", "nodefaults"}
# Packages that are built against libgdal, and the library itself.
ON_GDAL = {"gdal", "rasterio", "pyogrio", "fiona"}


def environment(name):
    return yaml.safe_load((ROOT / "envs" / f"{name}.yaml").read_text())


def conda_pins(name):
    """Packages that conda itself installs, to what the environment's file says of their version."""
    entries = [entry for entry in environment(name)["dependencies"] if isinstance(entry, str)]
    return {re.split("[=<>]", entry)[0]: re.sub("^[^=<>]*", "", entry) for entry in entries}


def table(title):
    """Rows of the README's first table behind a title: their cells without the marks of code."""
    rows = README.split(f"## {title}\n")[1].split("\n## ")[0].splitlines()
    cells = [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows if row.startswith("|")]
    return {first: rest for first, *rest in cells[2:]}


def numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)]


def fits(pin, version):
    """Whether a version fits a pin of conda: `=1.2`, or a range `>=1.2,<=1.3`."""
    for sign, bound in re.findall(r"([=<>]+)([\d.]+)", pin):
        found, limit = numbers(version), numbers(bound)
        if not {"=": found[: len(limit)] == limit, ">=": found >= limit, "<=": found <= limit, "<": found < limit}[
            sign
        ]:
            return False
    return True


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_says_nothing_that_conda_ignores(name):
    assert environment(name).keys() <= CONDA_KEYS
    assert set(environment(name)["channels"]) <= CHANNELS


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_package_of_conda_is_in_the_table_of_sources(name):
    seen = table("Where each pin was seen")
    # Those without a version are whatever fits.
    unlisted = [package for package, pin in conda_pins(name).items() if package not in seen]
    assert not unlisted
    for package, pin in conda_pins(name).items():
        if not re.search(r"\d", pin) or name == "isis" and package in ("python", "numpy"):
            continue  # ISIS says which Python and NumPy there are
        said = pin.replace(">=", "").replace(",<=", " to ").removeprefix("=")
        assert seen[package][0] == said, package
        assert seen[package][2], package


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_has_one_gdal(name):
    pins = conda_pins(name)
    built = {package: pin for package, pin in pins.items() if package in ON_GDAL}
    assert not [package for package in pins if package.startswith("libgdal-") and package != "libgdal-core"]
    if "isis" in pins:
        assert not any(built.values()) and "libgdal-core" not in pins  # ISIS says which GDAL there is
        assert fits(pins["csm"], "3.0.3.3") and pins["csm"] == "=3.0.3.3"
    elif built:
        # The one set that the feedstocks of all three have (envs/README.md).
        expected = {"libgdal-core": "=3.12", "rasterio": "=1.4.4", "pyogrio": "=0.12.1"}
        assert {package: pin for package, pin in pins.items() if package in ON_GDAL | {"libgdal-core"}} == expected


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_fits_what_pip_pins(name):
    differing = table("Where conda and pip differ")
    pinned = {package: pin for package, pin in conda_pins(name).items() if package in PINS and re.search(r"\d", pin)}
    assert pinned
    assert [package for package, pin in pinned.items() if not fits(pin, PINS[package])] == [
        package for package in pinned if package in differing
    ]
    for entry in environment(name)["dependencies"]:
        for line in entry["pip"] if isinstance(entry, dict) else []:
            package, _, version = line.partition("==")
            assert PINS[package.lower()] == version


def test_pips_versions_in_the_table_are_those_of_the_requirements():
    said = {package: row[1] for package, row in table("Where each pin was seen").items() if row[1]}
    assert said == {package: PINS[package] for package in said}


@pytest.mark.parametrize(
    ("pin", "version", "expected"),
    [
        ("=3.12", "3.12.4", True),
        ("=3.12", "3.13.0", False),
        ("=1.4.4", "1.4.4", True),
        (">=1.1.4,<=1.2.0", "1.2.0", True),
        (">=1.1.4,<=1.2.0", "1.2.1", False),
        (">=1.1.4,<=1.2.0", "1.1.3", False),
        ("<2.3", "2.2.6", True),
        ("", "5", True),
    ],
)
def test_fits(pin, version, expected):
    assert fits(pin, version) == expected


def test_documents_say_what_conda_needs():
    for path in (ROOT / "docs" / "start.md", ROOT / "docs" / "isis_engine.md", ROOT / "envs" / "README.md"):
        assert "conda config --set channel_priority flexible" in path.read_text(), path
    for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "envs" / "README.md"]:
        for command in re.findall(r"conda install[^`\n]*\bsnakemake\b", path.read_text()):
            assert "-c conda-forge -c bioconda" in command, path


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Function of the text of a script and of a module: what the script loads."""
    package = tmp_path / "imfmap"
    (package / "maps").mkdir(parents=True)
    for folder in (package, package / "maps"):
        (folder / "__init__.py").touch()
    monkeypatch.setattr("imfmap.core.code_digest.PACKAGE", package)

    def load(script, grids, other="import shapely\n"):
        (package / "maps" / "grids.py").write_text(grids)
        (package / "maps" / "other.py").write_text(other)
        (tmp_path / "script.py").write_text(script)
        return missing(tmp_path / "script.py", {"numpy"}, package)

    return load


USES = "from imfmap.maps.grids import grid\n\ngrid()\n"


@pytest.mark.parametrize(
    ("script", "grids", "told"),
    [
        ("import torch\n", "", ["script.py: script.py import torch, of torch"]),
        (USES, "import numpy\nimport os.path\n", []),
        (USES, "from torch import nn\n", ["script.py: grids.py import torch, of torch"]),
        (USES, "from skimage.draw import disk\n", ["script.py: grids.py import skimage, of scikit-image"]),
        (
            USES,
            "try:\n    import torch\nexcept ImportError:\n    pass\n",
            ["script.py: grids.py import torch, of torch"],
        ),
        # A module that a module imports, for whatever.
        (USES, "from . import other\n", ["script.py: other.py import shapely, of shapely"]),
        (USES, "from .other import x\n", ["script.py: other.py import shapely, of shapely"]),
        # In functions: of the one that is called, not of another.
        (USES, "def grid():\n    import torch\n", ["script.py: grids.py import torch, of torch"]),
        (USES, "def grid():\n    pass\n\ndef never():\n    import torch\n", []),
        (USES, "def grid():\n    from .other import x\n    x()\n", ["script.py: other.py import shapely, of shapely"]),
        (USES, "def grid():\n    pass\n\ndef never():\n    from .other import x\n    x()\n", []),
        (
            USES,
            "def grid():\n    deep()\n\ndef deep():\n    import torch\n",
            ["script.py: grids.py import torch, of torch"],
        ),
        (USES, "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import torch\n", []),
    ],
)
def test_what_a_script_loads_is_found(toy, script, grids, told):
    assert toy(script, grids) == told


def test_rules_are_read():
    text = """
rule one:
    input:
        "a",
    conda:
        "../../envs/geo.yaml"
    script:
        "../scripts/one.py"


if x:

    checkpoint two:
        output:
            "b",
        script:
            "../scripts/two.py"


rule all:
    input:
        "b",
"""
    assert scripts_of_rules(text) == [("geo", "one.py"), (None, "two.py")]
