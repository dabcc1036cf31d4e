"""Tests mirror the packages: a module's tests are where its name says."""

import re

import pytest

from .library import PACKAGE, ROOT, WORKFLOW, imports_of, modules

TESTS = ROOT / "tests"

# Test modules of no single module.
OF_MANY = {
    "run/config/test_sections.py",  # all sections of the configuration
    "run/test_paper_config.py",  # config/paper.yaml, from the settings to the training
}

# Modules without a test module of their own, and where they are tested: through what uses them.
TESTED_THROUGH = {
    "acquisition/connections": "unit/acquisition/test_http.py",
    "acquisition/limits": "unit/acquisition/test_http.py",
    "acquisition/transfer": "unit/acquisition/test_download.py",
    "camera/instrument": "unit/nac/test_optics.py",
    "camera/line_scan_numba": "unit/camera/test_line_scan.py",
    "camera/moon_orientation": "unit/acquisition/test_sun.py",
    "core/choices": "unit/run/config/test_sections.py",
    "core/extent": "unit/core/test_yamlfiles.py",
    "core/media_types": "unit/products/test_product_files.py",
    "engines/coverage_check": "unit/engines/native/test_pipeline.py",
    "engines/native/line_reader": "unit/engines/native/test_pipeline.py",
    "fractures/column_texts": "unit/products/test_tables.py",
    "inference/lattice": "unit/inference/test_infer.py",
    "inference/map_blocks": "unit/inference/test_infer.py",
    "inference/predictor": "unit/inference/test_infer.py",
    "inference/shadows": "unit/scoring/test_probability_scores.py",
    "inference/sun_aligned": "unit/inference/test_infer.py",
    "inference/window_cache": "unit/core/test_part_store.py",
    "labels/truth_classes": "unit/simulate/test_terrain.py",
    "learning/architectures": "unit/learning/test_models.py",
    "learning/augment_numba": "unit/learning/test_augment.py",
    "learning/checkpoint_settings": "unit/learning/test_weights.py",
    "learning/deeplab": "unit/learning/test_models.py",
    "learning/evaluation_tables": "unit/learning/test_evaluation.py",
    "learning/loading": "unit/learning/test_train.py",
    "learning/mixed_precision": "unit/learning/test_train.py",
    "learning/weight_files": "unit/learning/test_weights.py",
    "learning/training_log": "unit/learning/test_train.py",
    "learning/training_state": "unit/learning/test_train.py",
    "likeness/pages": "unit/likeness/test_report.py",
    "likeness/pictures": "unit/likeness/test_report.py",
    "maps/coregistration_tag": "unit/mosaic/test_coregistration.py",
    "maps/isis_label": "unit/engines/isis/test_shapes.py",
    "maps/label_values": "unit/nac/test_label.py",
    "maps/probability_raster": "unit/fractures/test_polygons.py",
    "maps/window_reading": "unit/inference/test_infer.py",
    "mosaic/average": "unit/scoring/test_coarse_comparison.py",
    "mosaic/foreign_raster": "unit/engines/test_map_projected.py",
    "mosaic/georeference": "unit/mosaic/test_imported.py",
    "nac/calibration_numba": "unit/nac/test_calibration.py",
    "nac/camera": "unit/nac/test_isd.py",
    "nac/cube": "unit/engines/native/test_pipeline.py",
    "nac/photometry_numba": "unit/nac/test_photometry.py",
    "nac/spice_tables": "unit/nac/test_isd.py",
    "plots/pages/page": "unit/run/plan/test_job_costs.py",
    "plots/style": "unit/scoring/test_comparison_figures.py",
    "products/figures/coarse_sheet": "unit/scoring/test_coarse_comparison.py",
    "products/figures/page": "unit/products/figures/test_sheets.py",
    "products/figures/panel": "unit/products/figures/test_map.py",
    "products/figures/parts": "unit/products/figures/test_sheets.py",
    "products/qgis_layout": "unit/products/test_qgis.py",
    "products/viewer/payload": "unit/products/viewer/test_build.py",
    "products/viewer/pyramid": "unit/products/viewer/test_build.py",
    "run/coarse_targets": "unit/scoring/test_coarse_comparison.py",
    "run/comparison_rows": "unit/run/test_model_choice.py",
    "run/config/fields": "unit/run/config/test_sections.py",
    "run/config/images": "unit/run/config/test_sections.py",
    "run/config/learning": "unit/run/config/test_sections.py",
    "run/config/results": "unit/run/config/test_sections.py",
    "run/config/root": "unit/run/config/test_complete.py",
    "run/config/target": "unit/run/config/test_sections.py",
    "run/job_records": "unit/run/test_provenance.py",
    "run/plan/console": "workflow/test_dag.py",
    "run/plan/dry_run": "unit/run/plan/test_job_costs.py",
    "run/plan/reference_costs": "unit/run/plan/test_job_costs.py",
    "run/plan/report": "workflow/test_increments.py",
    "run/ro_crate": "unit/run/test_provenance.py",
    "scoring/calibration_figure": "unit/scoring/test_calibrated_model.py",
    "scoring/counts": "unit/scoring/test_probability_scores.py",
    "scoring/polygon_scores": "unit/scoring/test_coarse_comparison.py",
    "simulate/dataclass_settings": "unit/simulate/test_settings.py",
    "simulate/ground": "unit/simulate/test_complexes.py",
    "simulate/labelling_habits": "unit/simulate/test_weak_labels.py",
    "simulate/noise": "unit/simulate/test_terrain.py",
    "simulate/sampling": "unit/simulate/test_complexes.py",
    "tiles/sampling_numba": "unit/tiles/test_sun_frame.py",
}


def mirror_faults(package=PACKAGE, tests=TESTS, of_many=OF_MANY, through=TESTED_THROUGH, workflow=WORKFLOW):
    """Lines on test modules without a module, modules without tests, and entries of the tables that are out of date."""
    known = modules(package)
    names = {
        str(path.relative_to(package).with_suffix("")): name for name, path in known.items() if path.stem != "__init__"
    }
    test_files = {str(path.relative_to(tests / "unit")) for path in (tests / "unit").rglob("test_*.py")}
    tested = {_module_of(file): file for file in test_files}
    faults = [
        f"{file}: there is no module {module}"
        for module, file in sorted(tested.items())
        if module not in names and file not in of_many
    ]
    faults += [f"{file}: is no test module" for file in sorted(of_many - test_files)]
    faults += [f"{file}: is the test of a module" for file in sorted(of_many & test_files) if _module_of(file) in names]
    faults += [
        f"{module}: has no tests; write {_test_of(module)}, or tell what it is tested through"
        for module in sorted(names)
        if module not in tested and module not in through
    ]
    imported = {}
    for module, file in sorted(through.items()):
        if module not in names:
            faults.append(f"{module}: does not exist")
        elif module in tested:
            faults.append(f"{module}: has tests of its own, {tested[module]}")
        elif not (tests / file).is_file():
            faults.append(f"{module}: there is no {file}")
        elif names[module] not in loaded(tests / file, tests, known, workflow, imported):
            faults.append(f"{module}: {file} does not reach it")
    return faults


def _module_of(file):
    folder, _, name = file.rpartition("/")
    return f"{folder}/{name.removeprefix('test_').removesuffix('.py')}"


def _test_of(module):
    folder, _, name = module.rpartition("/")
    return f"{folder}/test_{name}.py"


def loaded(test, tests, known, workflow, imported):
    """Names of the library's modules that a test module imports, at any remove, or that its workflow runs.

    `imported` keeps what each file imports, from one call to the next.
    """
    everything = known | modules(tests)
    pending, seen = [test, *(folder / "conftest.py" for folder in test.parents)], set()
    if test.parent == tests / "workflow":
        pending += [workflow.parent / "Snakefile", *workflow.glob("rules/*.smk"), *workflow.glob("scripts/*.py")]
    while pending:
        path = pending.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        if path not in imported:
            imported[path] = {
                everything[one.module] for one in imports_of(path, everything) if one.module in everything
            }
        pending += imported[path]
    # One that a test runs as a program stands there by its name.
    named = set(re.findall(r"\bimfmap(?:\.\w+)+", test.read_text()))
    return {name for name, path in known.items() if path in seen or name in named}


def test_tests_lie_where_their_modules_names_say():
    assert mirror_faults() == []


def missing_tests(root=ROOT):
    """Lines on paths of tests that documents and code name and that do not exist."""
    folders = ("docs", "workflow", "benchmarks", "resources", "config")
    files = [path for folder in folders for path in sorted((root / folder).rglob("*"))]
    files += [path for path in sorted(root.glob("*")) if path.is_file()]
    lines = []
    for path in files:
        if path.suffix in (".md", ".py", ".smk", ".yaml", ".rst", "") and path.is_file():
            named = re.findall(r"\btests/[\w/]+\.\w+", path.read_text())
            lines += [f"{path.relative_to(root)}: {name}" for name in named if not (root / name).exists()]
    return lines


def test_tests_that_texts_name_exist():
    assert missing_tests() == []


def test_a_text_that_names_a_test_that_has_moved_is_told(tmp_path):
    for name in ("docs/a.md", "workflow/imfmap/core/b.py", "tests/unit/core/test_b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("See `tests/unit/core/test_b.py`.")
    assert missing_tests(tmp_path) == []
    (tmp_path / "docs" / "a.md").write_text("See `tests/unit/test_b.py`.")
    (tmp_path / "Makefile").write_text("pytest tests/unit/test_c.py")
    assert missing_tests(tmp_path) == ["docs/a.md: tests/unit/test_b.py", "Makefile: tests/unit/test_c.py"]


@pytest.fixture
def toy(tmp_path):
    """A library of three modules, two of which have tests, and its faults with some tables."""
    files = {
        "workflow/imfmap/__init__.py": "",
        "workflow/imfmap/maps/__init__.py": "",
        "workflow/imfmap/maps/grids.py": "from .bodies import moon\n",
        "workflow/imfmap/maps/bodies.py": "moon = 1\n",
        "workflow/imfmap/maps/alone.py": "",
        "Snakefile": "",
        "workflow/rules/map.smk": "from imfmap.maps.alone import x\n\nrule map:\n    output:\n        x,\n",
        "tests/__init__.py": "",
        "tests/helpers/__init__.py": "",
        "tests/helpers/made.py": "from imfmap.maps.grids import grid\n",
        "tests/unit/maps/test_grids.py": "from tests.helpers import made\n",
        "tests/unit/maps/test_alone.py": "",
        "tests/workflow/test_run.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def faults(through, of_many=frozenset()):
        return mirror_faults(
            tmp_path / "workflow" / "imfmap", tmp_path / "tests", set(of_many), through, tmp_path / "workflow"
        )

    faults.tests = tmp_path / "tests"
    return faults


THROUGH = {"maps/bodies": "unit/maps/test_grids.py"}


def test_a_library_in_order_has_no_faults(toy):
    assert toy(THROUGH) == []
    (toy.tests / "unit" / "maps" / "test_alone.py").unlink()
    assert toy(THROUGH | {"maps/alone": "workflow/test_run.py"}) == []


@pytest.mark.parametrize(
    ("through", "of_many", "told"),
    [
        ({}, [], "maps/bodies: has no tests; write maps/test_bodies.py, or tell what it is tested through"),
        ({"maps/bodies": "unit/maps/test_alone.py"}, [], "maps/bodies: unit/maps/test_alone.py does not reach it"),
        ({"maps/bodies": "unit/maps/test_gone.py"}, [], "maps/bodies: there is no unit/maps/test_gone.py"),
        (THROUGH | {"maps/gone": "unit/maps/test_grids.py"}, [], "maps/gone: does not exist"),
        (
            THROUGH | {"maps/grids": "unit/maps/test_alone.py"},
            [],
            "maps/grids: has tests of its own, maps/test_grids.py",
        ),
        (THROUGH, ["maps/test_gone.py"], "maps/test_gone.py: is no test module"),
        (THROUGH, ["maps/test_grids.py"], "maps/test_grids.py: is the test of a module"),
    ],
)
def test_faults_are_told(toy, through, of_many, told):
    assert toy(through, of_many) == [told]


def test_a_test_module_of_no_module_is_told(toy):
    (toy.tests / "unit" / "maps" / "test_both.py").touch()
    assert toy(THROUGH) == ["maps/test_both.py: there is no module maps/both"]
    assert toy(THROUGH, ["maps/test_both.py"]) == []
