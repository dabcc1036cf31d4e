"""What the models of the sections take from elsewhere, and what depends on them."""

import ast
from pathlib import Path

import pytest

from imfmap.core import choices
from imfmap.fractures import limits
from imfmap.learning.architectures import ARCHITECTURES
from imfmap.maps.bodies import BODIES, PROJECTIONS
from imfmap.run.config import images, learning, results, target
from imfmap.run.config.explain import _options, types_of
from imfmap.run.config.learning import MODEL_ORIGINS, USED_OF_ANY_MODEL, Model
from imfmap.run.config.results import deciding


@pytest.mark.parametrize(
    ("section", "key", "names"),
    [
        (images.Processing, "darks", choices.DARKS),
        (images.Processing, "projection", PROJECTIONS),
        (images.Processing, "resampling", choices.RESAMPLINGS),
        (images.Mosaic, "priority", choices.PRIORITIES),
        (images.Mosaic, "stretch", choices.STRETCHES),
        (images.Mosaic, "brightness", ("none", *choices.BRIGHTNESS_MATCHES)),
        (learning.Model, "architecture", ARCHITECTURES),
        (learning.Model, "recipe", choices.RECIPES),
        (learning.Model, "split", choices.SPLITS),
        (learning.Model, "schedule", choices.SCHEDULES),
        (learning.Training, "schedule", choices.SCHEDULES),
        (learning.Training, "precision", choices.PRECISIONS),
        (results.Inference, "precision", choices.PRECISIONS),
        (target.Target, "role", choices.ROLES),
        (target.Target, "body", tuple(BODIES)),
        (target.Target, "projection", PROJECTIONS),
    ],
)
def test_the_names_are_the_codes(section, key, names):
    assert tuple(_options(types_of(section)[key])) == names


def test_defaults_that_the_code_shares_are_the_codes():
    for name, value in choices.LEARNING.items():
        assert learning.Training.model_fields[name].default == value
    for name, value in choices.MACHINE.items():
        assert learning.Training.model_fields[name].default == value
    for recipe, section in (("paper", learning.PaperAugmentation), ("sun_aligned", learning.SunAlignedAugmentation)):
        ranges = {name: field.default for name, field in section.model_fields.items()}
        assert ranges == choices.AUGMENTATION_RANGES[recipe]
    assert results.Mapping.model_fields["min_area_m2"].default == limits.MIN_AREA_M2


SHARED = {
    name: frozenset(value)
    for name, value in {**vars(choices), "ARCHITECTURES": ARCHITECTURES, "PROJECTIONS": PROJECTIONS}.items()
    if isinstance(value, tuple | dict) and len(value) > 2 and all(isinstance(item, str) for item in value)
}


def literals(tree):
    """Names that are listed, or are keys, in each tuple, list, set and mapping of a module."""
    for node in ast.walk(tree):
        items = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", ())
        yield node, frozenset(item.value for item in items if isinstance(item, ast.Constant))


# Tables that say something of each name, and fail where they lack one.
TABLES = {"engines/isis/commands.py"}
OWNERS = {"core/choices.py", "learning/architectures.py", "maps/bodies.py"}


def modules(root):
    """Name and syntax tree of every module of the library."""
    library = root / "workflow" / "imfmap"
    for path in sorted(library.rglob("*.py")):
        yield path.relative_to(library).as_posix(), ast.parse(path.read_text())


def test_no_module_lists_the_shared_names_again(root):
    """A second list of the names of an enumeration would stay behind when the first one changes."""
    again = []
    for name, tree in modules(root):
        if name not in TABLES | OWNERS:
            for node, names in literals(tree):
                again += [f"{name}:{node.lineno} {known}" for known, all_ in SHARED.items() if all_ <= names]
    assert not again


DEFAULTS = {
    name: field.default
    for section in (
        images.Processing,
        images.Mosaic,
        images.Acquisition,
        learning.Tiles,
        learning.Training,
        learning.Model,
        results.Inference,
        results.Mapping,
    )
    for name, field in section.model_fields.items()
    # What is off by default is off in the code, too.
    if isinstance(field.default, str | int | float) and field.default not in (False, 0)
}
# The same words for something else: processors of a job that makes one picture, and what a file says of its maker.
OTHERS = {"threads", "engine"}


def named_values(tree):
    """Name and value of every default of a function, a class's attribute and a look-up in a mapping."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            given = node.args
            yield from zip(reversed([*given.posonlyargs, *given.args]), reversed(given.defaults), strict=False)
            yield from zip(given.kwonlyargs, given.kw_defaults, strict=True)
        elif isinstance(node, ast.AnnAssign):
            yield node.target, node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("get", "setdefault"):
            yield (*node.args, None, None)[:2]


def test_no_function_has_a_default_of_the_configuration_again(root):
    again = []
    for name, tree in modules(root):
        if name.startswith(("run/config/", "simulate/")) or name in OWNERS:
            continue
        for where, value in named_values(tree):
            key = getattr(where, "arg", None) or getattr(where, "id", None) or getattr(where, "value", None)
            if isinstance(value, ast.Constant) and key in DEFAULTS.keys() - OTHERS and value.value == DEFAULTS[key]:
                again.append(f"{name}:{value.lineno} {key}={value.value!r}")
    assert not again


# Modules of run that import the models of the configuration, too.
OF_THE_SNAKEMAKE_PROCESS = ("product_table", "coarse_targets", "comparison_rows")


# What servers answer is checked by pydantic, too: environments of scripts that ask servers have it.
WITH_PYDANTIC = ("acquisition/answers.py",)


def test_jobs_need_no_models_of_the_configuration(root):
    """What scripts reach never imports them, and pydantic in one place alone."""
    for name, tree in modules(root):
        if name.startswith("run/config/") or Path(name).stem in OF_THE_SNAKEMAKE_PROCESS or name in WITH_PYDANTIC:
            continue
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [found for found in names if found.split(".")[0] in ("pydantic", "config")], name
    for path in (root / "workflow" / "scripts").glob("*.py"):
        text = path.read_text()
        assert not [name for name in ("run.config", *OF_THE_SNAKEMAKE_PROCESS) if name in text], path


def test_only_a_training_reads_the_other_keys_of_a_model():
    assert (*MODEL_ORIGINS, "recipe", "resolution_m", "batch_size", "input_scaling") == USED_OF_ANY_MODEL
    assert set(choices.LEARNING) < set(Model.model_fields) - set(USED_OF_ANY_MODEL)


def test_where_and_how_fast_decides_nothing():
    machine = {
        "device": "cpu",
        "devices": 2,
        "compile": True,
        "workers": 1,
        "threads": 3,
        "batch_size": 8,
        "model": "a",
    }
    assert deciding({**machine, "epochs": 3, "precision": "float32"}) == {"epochs": 3, "precision": "float32"}
