"""Settings of open cracks."""

import pytest

from imfmap.core.errors import InputError
from imfmap.simulate.open_cracks import OpenCracks
from imfmap.simulate.settings import SceneSettings


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"share": 2.0}, r"simulate\.open_cracks\.share: 2\.0 is out of range; use 0\.\.1"),
        ({"wall_share": [0.5]}, r"wall_share: \[0\.5\] is not a range; give two rising numbers"),
        ({"depth_to_width": [1.0, 0.2]}, r"depth_to_width: 1\.0, 0\.2 is not a range"),
        ({"steep": 1}, r"open_cracks\.steep: unknown key"),
        (3, r"simulate\.open_cracks: 3 is not a mapping"),
    ],
)
def test_bad_settings_are_refused_in_one_line(mapping, said):
    with pytest.raises(InputError, match=said):
        OpenCracks.from_mapping(mapping)
    with pytest.raises(InputError, match=said):
        SceneSettings.from_mapping({"open_cracks": mapping})


def test_settings_are_those_of_the_mapping():
    cracks = OpenCracks.from_mapping({"share": 0.2, "wall_share": [0.1, 0.3]})
    assert cracks == OpenCracks(share=0.2, wall_share=(0.1, 0.3))
