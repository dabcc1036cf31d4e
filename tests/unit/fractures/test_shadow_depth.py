"""Shadows in drawn cracks of known depth: their length, what is dark, and what cannot be known."""

import json
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from imfmap.fractures.measures import measure
from imfmap.fractures.shadow_depth import AT_LEAST, MEASURED, shadow_depths
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.rasters import write_raster
from tests.helpers.generated import examples

GRID = MapGrid.centred(body("moon").projected("equirectangular", -10.4, -165.1), -165.1, -10.4, 150.0, 150.0, 1.5)
FINE = 4


def picture(width_m, depth_m, axis_deg, azimuth_deg, incidence_deg, lit=0.05, bottom=0.0, veil=(0.0, 0.0)):
    """I/F of a crack with steep walls and a level floor through the middle of the grid, under one Sun.

    The wall that faces the Sun takes `bottom` of the width, and is bright. Something else throws a shadow along the
    crack: `veil`, from and to metres from the middle towards the Sun.
    """
    rows, columns = (np.arange(FINE * side) / FINE - side / 2 + 0.5 / FINE for side in GRID.shape)
    x, y = 1.5 * columns[np.newaxis], -1.5 * rows[:, np.newaxis]
    axis, azimuth = np.radians(axis_deg), np.radians(azimuth_deg)
    # Positive on the side of the Sun.
    across = x * np.cos(axis) - y * np.sin(axis)
    sun_across = np.sin(azimuth) * np.cos(axis) - np.cos(azimuth) * np.sin(axis)
    across = across * np.sign(sun_across)
    crack = np.abs(across) <= width_m / 2
    shadow_m = depth_m * np.tan(np.radians(incidence_deg)) * abs(sun_across)
    dark = crack & (width_m / 2 - across < shadow_m) | (across > veil[0]) & (across < veil[1])
    facing = crack & ~dark & (across + width_m / 2 < bottom * width_m)
    fine = np.where(dark, 0.02 * lit, np.where(facing, 1.6 * lit, lit))
    coarse = (values.reshape(GRID.shape[0], FINE, GRID.shape[1], FINE).mean(axis=(1, 3)) for values in (fine, crack))
    return [values.astype(np.float32) for values in coarse]


def depths(folder, crack, suns, **more):
    """Table of `shadow_depths` of a crack (width, depth, axis) under Suns (azimuth, incidence)."""
    paths = []
    for number, (azimuth_deg, incidence_deg) in enumerate(suns):
        iof, share = picture(*crack, azimuth_deg, incidence_deg, **more)
        facts = ImageFacts(f"M{number}L", "2010-01-01T00:00:00", azimuth_deg, incidence_deg, 1.0, 60.0, 1.0, "native")
        paths.append(folder / f"M{number}L.tif")
        write_raster(paths[-1], iof, GRID, nodata=np.nan, tags=facts.tags())
    mask = share >= 0.5
    mask[:12], mask[-12:], mask[:, :12], mask[:, -12:] = False, False, False, False
    with create_probability(folder / "p.tif", GRID) as dataset:
        dataset.write(encode(np.where(mask, 0.9, 0.1)), 1)
    axis = np.radians(crack[2])
    half = np.array([np.sin(axis), np.cos(axis)]) * 200
    middle = np.array([np.mean(GRID.bounds[::2]), np.mean(GRID.bounds[1::2])])
    inner = shapely.box(*GRID.bounds).buffer(-18, join_style="mitre")
    line = shapely.LineString([middle - half, middle + half]).buffer(crack[0] / 2, cap_style="flat").intersection(inner)
    fractures, lines = measure(gpd.GeoDataFrame(geometry=[line], crs=GRID.crs), folder / "p.tif")
    return shadow_depths(fractures, lines, GRID, paths)


@examples(12)
@given(
    axis_deg=st.floats(0, 180),
    turn_deg=st.floats(35, 145),
    incidence_deg=st.floats(30, 75),
    width_m=st.floats(15, 45),
    share=st.floats(0.35, 0.7),
)
def test_the_depth_is_the_length_of_the_shadow_over_the_tangent(
    tmp_path_factory, axis_deg, turn_deg, incidence_deg, width_m, share
):
    # A shadow that covers this share of the floor.
    tangent = math.tan(math.radians(incidence_deg))
    depth_m = share * width_m / math.sin(math.radians(turn_deg)) / tangent
    crack, sun = (width_m, depth_m, axis_deg), ((axis_deg + turn_deg) % 360, incidence_deg)
    table, single = depths(tmp_path_factory.mktemp("crack"), crack, [sun])
    assert table.depth_kind[0] == MEASURED
    assert table.depth_m[0] == pytest.approx(depth_m, abs=1.5 / tangent)
    assert json.loads(table.shadow_shares[0])["M0L"] == pytest.approx(share, abs=3.0 / width_m)
    assert single.incidence_deg.tolist() == pytest.approx([incidence_deg])


def test_a_dark_floor_gives_a_lower_bound(tmp_path):
    table, _ = depths(tmp_path, (20.0, 30.0, 0.0), [(90.0, 60.0)])
    assert table.depth_kind[0] == AT_LEAST
    # A shadow from wall to wall is 20 m long. Its ends are known to half a pixel.
    assert table.depth_m[0] == pytest.approx((20 - 1.5) / math.tan(math.radians(60)), abs=0.6)
    assert table.always_dark_share[0] > 0.9


def test_a_shadow_that_ends_on_the_bright_wall_gives_a_lower_bound(tmp_path):
    table, _ = depths(tmp_path, (30.0, 13.0, 20.0), [(110.0, 60.0)], bottom=0.5)
    assert table.depth_kind[0] == AT_LEAST


def test_the_longest_shadow_that_leaves_floor_counts(tmp_path):
    suns = [(90.0, 30.0), (270.0, 60.0), (80.0, 80.0)]
    table, single = depths(tmp_path, (40.0, 12.0, 0.0), suns)
    assert single.depth_kind.tolist() == [MEASURED, MEASURED, AT_LEAST]
    assert table.depth_m[0] == single.depth_m[1] == pytest.approx(12.0, abs=1.0)
    shares = json.loads(table.shadow_shares[0])
    assert list(shares) == ["M0L", "M1L", "M2L"] and shares["M2L"] > 0.9
    # Shadows from both sides meet nowhere; what the third image has dark, the others light.
    assert table.always_dark_share[0] < 0.1


def test_no_shadow_no_depth(tmp_path):
    table, single = depths(tmp_path, (20.0, 0.0, 0.0), [(90.0, 60.0)])
    assert np.isnan(table.depth_m[0]) and table.depth_kind[0] == "" and not len(single)
    assert json.loads(table.shadow_shares[0]) == {"M0L": 0.0} and table.always_dark_share[0] == 0
    along, _ = depths(tmp_path, (20.0, 10.0, 0.0), [(5.0, 60.0)])
    assert np.isnan(along.depth_m[0]), "sunlight along the crack"


def test_a_shadow_of_something_else_is_no_depth(tmp_path):
    outside, _ = depths(tmp_path, (20.0, 0.0, 0.0), [(90.0, 60.0)], veil=(2.0, 16.0))
    assert np.isnan(outside.depth_m[0]), "it begins outside the crack"
    across, _ = depths(tmp_path, (20.0, 0.0, 0.0), [(90.0, 60.0)], veil=(-8.0, -3.0))
    assert np.isnan(across.depth_m[0]), "it begins far from the wall"
    whole, _ = depths(tmp_path, (20.0, 5.0, 0.0), [(90.0, 60.0)], veil=(-30.0, 30.0))
    assert np.isnan(whole.depth_m[0]) and whole.always_dark_share[0] == 1


def test_without_images_nothing_is_known(tmp_path):
    table, single = depths(tmp_path, (20.0, 5.0, 0.0), [(90.0, 50.0)])
    none, _ = shadow_depths(gpd.GeoDataFrame({"fracture": []}, geometry=[], crs=GRID.crs), _no_lines(), GRID, [])
    assert len(table) == 1 and len(none) == 0 and list(none.columns) == list(table.columns)


def _no_lines():
    return gpd.GeoDataFrame({"fracture": []}, geometry=[], crs=GRID.crs)
