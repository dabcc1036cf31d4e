"""Settings of scenes and images."""

import pytest

from imfmap.core.errors import InputError
from imfmap.simulate.settings import SceneSettings


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"sed": 1}, r"simulate\.sed: unknown key; did you mean seed\? config/README.md"),
        ({"seed": "one"}, r"simulate\.seed: 'one' is no whole number"),
        ({"crater_slope": "steep"}, r"simulate\.crater_slope: 'steep' is no number"),
        ({"polygonal_share": 0.8, "parallel_share": 0.4}, "add up to more than 1"),
        ({"preset": "mare"}, r"simulate\.preset: no preset 'mare'; use one of melt_floor, cratered_ground"),
        ({"melt_floor": 1}, r"simulate\.melt_floor: '1' is neither true nor false"),
        ({"fracture_fill": 0.95}, r"simulate\.fracture_fill: 0\.95 is out of range; use 0\.\.0\.9"),
        ({"crater_min_m": 300.0}, r"simulate\.crater_min_m: is not below crater_max_m"),
        ({"rim_height_m": -1.0}, r"simulate\.rim_height_m: -1\.0 is negative; use 0 or more"),
        ({"size_m": 2300.0}, r"simulate\.size_m: unknown key"),
        ({"depth_to_width": [0.4, 0.1]}, r"depth_to_width: .* give two rising numbers"),
        ({"labels": {"missed": 0.1}}, r"simulate\.labels\.missed: unknown key"),
        ({"labels": {"missed_share": 1.5}}, r"missed_share: 1\.5 is out of range"),
        ({"images": [{"product": "M1LE", "incidence_deg": 30}]}, r"sun_azimuth_deg: is missing"),
        (
            {"images": [{"product": "M1LE", "sun_azimuth_deg": 1, "incidence_deg": 95}]},
            r"images M1LE: incidence_deg 95; use 5\.\.87",
        ),
    ],
)
def test_bad_settings_are_refused_in_one_line(mapping, said):
    with pytest.raises(InputError, match=said):
        SceneSettings.from_mapping(mapping)
