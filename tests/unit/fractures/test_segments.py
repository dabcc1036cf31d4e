"""Segments of fractures: networks of known arms, and what holds for any network."""

import numpy as np
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from imfmap.fractures.segments import segments_of
from imfmap.maps.axial import axial_difference_deg
from tests.helpers.drawn_shapes import PIXEL_M, bar, measured


def arm(angle_deg, length, width=6.0):
    angle = np.radians(angle_deg)
    end = (100 + length * np.sin(angle), 100 - length * np.cos(angle))
    return shapely.LineString([(100, 100), end]).buffer(width / 2, cap_style="flat")


def segments(tmp_path, *shapes):
    return segments_of(measured(tmp_path, list(shapes), side_px=200, lines=1))


@pytest.mark.parametrize("angles", [(10, 100, 200), (0, 90, 180, 270), (20, 65, 200, 245), (30, 105, 175, 250, 320)])
def test_a_star_has_a_segment_for_each_arm(tmp_path, angles):
    found = segments(tmp_path, shapely.union_all([arm(angle, 80) for angle in angles]))
    assert len(found) == len(angles) and list(found.segment) == list(range(1, len(angles) + 1))
    for angle in angles:
        assert axial_difference_deg(found.orientation_deg, angle % 180).min() < 4
    np.testing.assert_allclose(found.length_m, 80 * PIXEL_M, rtol=0.12)
    np.testing.assert_allclose(found.mean_width_m, 6 * PIXEL_M, atol=PIXEL_M)


def test_an_arm_has_its_own_width(tmp_path):
    found = segments(tmp_path, shapely.union_all([arm(0, 80, 4), arm(120, 80, 4), arm(240, 80, 14)]))
    assert len(found) == 3
    widest = found.loc[found.mean_width_m.idxmax()]
    assert widest.mean_width_m == pytest.approx(14 * PIXEL_M, abs=PIXEL_M)
    assert axial_difference_deg(widest.orientation_deg, 60) < 3


def test_a_network_in_one_polygon_has_the_segments_of_its_parts(tmp_path):
    rails = [bar(150, 4, 0, x=60, y=100), bar(150, 4, 0, x=140, y=100)]
    joined = segments(tmp_path, shapely.union_all([*rails, bar(80, 4, 90, x=100, y=100)]))
    apart = segments(tmp_path, *rails)
    assert len(joined) == 5 and joined.fracture.nunique() == 1 and len(apart) == 2
    along = joined[axial_difference_deg(joined.orientation_deg, 0) < 10]
    assert along.length_m.sum() == pytest.approx(apart.length_m.sum(), rel=0.04)


def test_no_fracture_has_no_segment(tmp_path):
    found = segments(tmp_path)
    assert len(found) == 0 and found.crs is not None


@settings(deadline=None, phases=[Phase.generate])
@given(
    st.lists(
        st.tuples(*[st.floats(30, 170)] * 4, st.floats(1.0, 16.0)).filter(
            lambda line: np.hypot(line[0] - line[2], line[1] - line[3]) > 10
        ),
        min_size=1,
        max_size=6,
    )
)
def test_what_holds_for_any_network(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("network")
    shapes = [shapely.LineString([line[:2], line[2:4]]).buffer(line[4] / 2) for line in lines]
    fractures, traced = (measured(folder, shapes, side_px=200, lines=which) for which in (0, 1))
    found = segments_of(traced)
    for row in fractures.itertuples():
        own = found[found.fracture == row.fracture]
        assert own.length_m.sum() == pytest.approx(row.total_length_m, rel=1e-6)
        fits_m = 2 * shapely.maximum_inscribed_circle(row.geometry).length
        # A line thinner than a pixel is a pixel wide at some places, and less between them.
        assert row.max_width_m <= max(1.3 * fits_m, fits_m + PIXEL_M)
        assert (own.mean_width_m <= row.max_width_m + 0.01).all()
        assert np.isnan(row.sinuosity) or 1 <= row.sinuosity < 10
