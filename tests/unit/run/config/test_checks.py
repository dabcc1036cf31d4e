"""Values that do not fit each other, and names that a target may not have."""

import pytest

from imfmap.core.errors import InputError
from imfmap.run.config.checks import check_can_map, check_rule_names

CONFIG = {"inference": {}, "targets": {"a": {}, "b": {"model": "net"}}}


@pytest.mark.parametrize("name", ["all", "mosaic", "comparison_sun"])
def test_a_target_has_no_name_of_a_rule(name):
    with pytest.raises(InputError, match=rf"^x\.yaml: targets: '{name}' is the name of a rule; rename the target$"):
        check_rule_names(["crookes", name], ["all", "mosaic", "comparison_sun"], "x.yaml")
    check_rule_names(["crookes"], ["all", "mosaic"], "x.yaml")


def test_what_no_model_maps_is_told_with_what_to_add():
    with pytest.raises(InputError, match=r"^x\.yaml: models: is empty, so no model can map a; add one, such as"):
        check_can_map(CONFIG, ["b", "a"], "x.yaml")


def test_a_model_for_what_is_mapped_is_enough():
    check_can_map(CONFIG, ["b"], "x.yaml")
    check_can_map({**CONFIG, "inference": {"model": "net"}}, ["a", "b"], "x.yaml")
