"""Old names in a configuration."""

import pytest

from imfmap.core.errors import InputError
from imfmap.run.config.complete import complete

GOOD = {"run": {"name": "x"}, "targets": {"a": {"lat": 1, "lon": 2, "diameter_km": 3, "mosaic": "a.tif"}}}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"recipe": "imfmap"}, "recipe: 'imfmap' is an old name; the recipe is called sun_aligned"),
        (
            {"models": {"net": {"checkpoint": "a.pt", "recipe": "imfmap"}}},
            "models.net.recipe: 'imfmap' is an old name; the recipe is called sun_aligned",
        ),
        ({"augmentation": {"imfmap": {}}}, "augmentation.imfmap: is an old name; call it augmentation.sun_aligned"),
        (
            {"inference": {"flips": True}},
            "inference.flips: is an old name; list flips in inference.test_time_augmentation where you want them",
        ),
        (
            {"inference": {"rotations": False}},
            "inference.rotations: is an old name; list rotations in inference.test_time_augmentation where you want "
            "them",
        ),
    ],
)
def test_an_old_name_is_told_with_the_new_one(change, line):
    with pytest.raises(InputError) as caught:
        complete({**GOOD, **change}, "x.yaml")
    assert str(caught.value) == f"x.yaml: {line}"


def test_an_old_name_in_the_small_size_is_told_as_well():
    with pytest.raises(InputError, match=r"x\.yaml with its key small: recipe: 'imfmap' is an old name"):
        complete({**GOOD, "small": {"recipe": "imfmap"}}, "x.yaml")
