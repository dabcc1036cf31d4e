"""What the models of the sections take from elsewhere, and what depends on them."""

import ast

import pytest

from imfmap.core import choices
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
    assert results.Mapping.model_fields["min_area_m2"].default == choices.MIN_AREA_M2


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
MAPPED = {"commands.py"}


def test_no_module_lists_the_shared_names_again(root):
    """A second list of the names of an enumeration would stay behind when the first one changes."""
    again = []
    for path in sorted((root / "workflow" / "imfmap").rglob("*.py")):
        if path.name in ("choices.py", "architectures.py", "bodies.py", *MAPPED):
            continue
        for node, names in literals(ast.parse(path.read_text())):
            again += [f"{path.name}:{node.lineno} {name}" for name, known in SHARED.items() if known <= names]
    assert not again


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
