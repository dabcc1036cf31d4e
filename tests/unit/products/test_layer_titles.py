"""Titles of layers."""

from imfmap.fractures.fracture_columns import LAYERS
from imfmap.products.layer_titles import TITLES, title_of


def test_every_layer_of_a_target_has_a_title_and_others_are_named_as_in_their_file():
    assert set(LAYERS) < set(TITLES) and len(set(TITLES.values())) == len(TITLES)
    assert title_of("segments") == TITLES["segments"]
    assert title_of("wall_slumps") == "Wall slumps"
