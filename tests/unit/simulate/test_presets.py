"""Presets of scenes."""

from imfmap.simulate.presets import PRESETS
from imfmap.simulate.settings import SceneSettings


def test_presets_are_valid_and_own_keys_win():
    for name, changes in PRESETS.items():
        scene = SceneSettings.from_mapping({"preset": name})
        assert all(getattr(scene, key) == value for key, value in changes.items())
    assert SceneSettings.from_mapping({}) == SceneSettings()
    own = SceneSettings.from_mapping({"preset": "cratered_ground", "crater_min_m": 3.0})
    assert own.crater_min_m == 3.0 and not own.melt_floor
