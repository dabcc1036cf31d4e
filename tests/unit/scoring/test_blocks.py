"""Maps scored block by block."""

from imfmap.scoring import blocks, counts
from tests.helpers.scored_scenes import scored


def test_blocks_give_what_one_gives_and_empty_ones_are_passed_over(scene, monkeypatch):
    at_once = scored(scene)
    for module in (blocks, counts):
        monkeypatch.setattr(module, "BLOCK_PX", 16)
    assert scored(scene) == at_once
