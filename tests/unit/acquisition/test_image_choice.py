"""Outlines at seams and poles; which images are chosen, against the plain greedy choice made another way."""

import time

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from imfmap.acquisition.area_of_interest import area_of_interest
from imfmap.acquisition.footprints import LocalMap, canonical_footprint, lonlat_box
from imfmap.acquisition.image_choice import choose_images
from imfmap.core.errors import InputError
from tests.helpers.catalogues import catalogue, cells_shown, greedy, swath

TARGET = {
    "lat": 10.0,
    "lon": -20.0,
    "diameter_km": 40.0,
    "body": "moon",
    "projection": "equirectangular",
    "resolution_m": 1.5,
    "standard_parallel_deg": None,
}
ONE_SUN = [1.0, 0.0, 0.0]


def square(lon, lat, half=0.5):
    return box(lon - half, lat - half, lon + half, lat + half)


# Outlines


@pytest.mark.parametrize(
    ("lon", "lat"), [(0.0, 0.0), (180.0, 5.0), (359.9, -40.0), (179.5, 85.0), (30.0, 90.0), (200.0, -89.9)]
)
def test_an_outline_keeps_its_area_wherever_it_lies(lon, lat):
    ring = swath(lon, lat, 20.0, 2500.0, 26000.0)
    outline = canonical_footprint(Polygon(ring))
    west, south, east, north = outline.bounds
    assert outline.is_valid and west >= -180 and east <= 180 and south >= -90 and north <= 90
    # A quarter of a swath's corners may lie beyond the pole: the geodesic corners make the rectangle all the same.
    assert LocalMap.about(outline).project(outline).area == pytest.approx(2500.0 * 26000.0, rel=2e-3)


def test_an_outline_over_the_seam_is_split_and_its_turn_does_not_matter():
    ring = [(179.0, 0.0), (181.0, 0.0), (181.0, 1.0), (179.0, 1.0)]
    split = canonical_footprint(Polygon(ring))
    assert len(split.geoms) == 2 and split.area == pytest.approx(2.0, abs=0.01)
    turned = canonical_footprint(Polygon([(lon - 360.0, lat) for lon, lat in ring]))
    assert shapely.to_wkt(split, 6) == shapely.to_wkt(turned, 6)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_outline_round_a_pole_holds_the_pole(sign):
    ring = [(10.0, 89.0 * sign), (130.0, 89.0 * sign), (250.0, 89.0 * sign)]
    for corners in (ring, ring[::-1]):
        outline = canonical_footprint(Polygon(corners))
        assert outline.bounds[1 if sign < 0 else 3] == 90.0 * sign
        assert outline.covers(shapely.Point(55.0, 89.9 * sign))
        # Between corners a great circle passes nearer to the pole than its parallel.
        assert not outline.covers(shapely.Point(70.0, 89.1 * sign))


@pytest.mark.parametrize(
    ("outline", "boxes"),
    [
        (box(-21, 9, -19, 11), [(339, 9, 341, 11)]),
        (box(-1, 9, 1, 11), [(359, 9, 1, 11)]),
        (canonical_footprint(Polygon([(179, 0), (181, 0), (181, 1), (179, 1)])), [(179, 0, 181, 1)]),
        (box(-180, -90, 180, -88), [(0, -90, 180, -88), (180, -90, 360, -88)]),
    ],
)
def test_boxes_as_ode_wants_them(outline, boxes):
    np.testing.assert_allclose(lonlat_box(outline), boxes, atol=0.01)


# Places


@pytest.mark.parametrize(("lat", "lon"), [(10.0, -20.0), (0.0, 180.0), (89.9, 30.0), (-78.6, 23.5)])
@pytest.mark.parametrize("projection", ["equirectangular", "polar_stereographic", "orthographic"])
def test_the_place_of_a_target_is_its_map(lat, lon, projection):
    if projection == "equirectangular" and abs(lat) > 89 or projection == "polar_stereographic" and abs(lat) < 60:
        pytest.skip("no such map")
    aoi = area_of_interest({**TARGET, "lat": lat, "lon": lon, "projection": projection})
    area = LocalMap.about(aoi).project(aoi).area
    # An equirectangular map is true along its own parallel alone, a polar one at the pole.
    assert area == pytest.approx(44_000.0**2, rel=0.03 if abs(lat) < 60 else 0.12)


def test_a_polygon_is_read_from_text_and_from_files(tmp_path):
    text = "POLYGON ((179 0, 181 0, 181 1, 179 1, 179 0))"
    aoi = area_of_interest({**TARGET, "polygon": text})
    assert len(aoi.geoms) == 2
    path = tmp_path / "ground.geojson"
    path.write_text(shapely.to_geojson(box(10, 20, 11, 21)))
    assert area_of_interest({**TARGET, "polygon": str(path)}).equals(canonical_footprint(box(10, 20, 11, 21)))


@pytest.mark.parametrize(
    ("polygon", "said"),
    [
        ("POLYGON ((1 2, 3", "is no WKT"),
        ("POLYGON EMPTY", "is a Polygon"),
        ("nowhere.geojson", "nowhere.geojson: cannot be read as a polygon"),
        ("POLYGON ((0 100, 1 100, 1 101, 0 100))", "outside the globe"),
    ],
)
def test_a_polygon_that_is_none(polygon, said):
    with pytest.raises(InputError, match=said):
        area_of_interest({**TARGET, "polygon": polygon})


# Choice


def pick(footprints, aoi, suns=None, resolutions=None, most=60, least=0.0, already=()):
    suns = np.tile(ONE_SUN, (len(footprints), 1)) if suns is None else np.asarray(suns, float)
    resolutions = np.ones(len(footprints)) if resolutions is None else np.asarray(resolutions, float)
    return choose_images(footprints, aoi, suns, resolutions, most, least, already)


def test_images_that_add_nothing_are_dropped_and_told_why():
    aoi = square(0, 0)
    left, right = box(-0.5, -0.5, 0.02, 0.5), box(-0.02, -0.5, 0.5, 0.5)
    choice = pick([box(-0.1, -0.1, 0.1, 0.1), left, right, square(9, 9), None, left], aoi)
    assert sorted(choice.chosen) == [1, 2] and choice.coverage == pytest.approx(1.0)
    assert sum(choice.adds) == pytest.approx(1.0)
    assert choice.reasons[0] == choice.reasons[5] == "adds no coverage: the chosen images show all that it does"
    assert choice.reasons[3] == choice.reasons[4] == "does not show the place"


def test_too_little_and_too_many_are_told_apart():
    aoi = square(0, 0)
    strips = [box(-0.5, -0.5, 0.2, 0.5), box(0.19, -0.5, 0.49, 0.5), box(0.48, -0.5, 0.5, 0.5)]
    choice = pick(strips, aoi, least=0.05)
    assert sorted(choice.chosen) == [0, 1] and choice.reasons == {2: "adds 0.95 % of the place, too little"}
    choice = pick(strips, aoi, most=1)
    assert (
        choice.chosen == [0] and choice.reasons[1] == "adds 29 % of the place, but as many images are taken as may be"
    )


def test_the_sun_of_most_images_wins_then_the_sharper_image():
    aoi, other = square(0, 0), [0.0, 1.0, 0.0]
    whole = square(0, 0, 0.6)
    choice = pick([whole] * 4, aoi, suns=[other, ONE_SUN, ONE_SUN, ONE_SUN], resolutions=[0.4, 1.0, 0.6, 0.8])
    assert choice.chosen == [2]
    np.testing.assert_allclose(choice.sun_angles_deg, [90, 0, 0, 0], atol=1e-6)
    # One that adds a little more does not win over the Sun that most have, where that costs nothing.
    wider = box(-0.5, -0.5, 0.05, 0.5)
    choice = pick([wider, box(-0.5, -0.5, 0.0, 0.5), box(-0.05, -0.5, 0.5, 0.5)], aoi, [other, ONE_SUN, ONE_SUN])
    assert sorted(choice.chosen) == [1, 2]


def test_an_image_without_time_or_sharpness_comes_last():
    whole = square(0, 0, 0.6)
    choice = pick([whole, whole, whole], square(0, 0), [[np.nan] * 3, ONE_SUN, ONE_SUN], [0.5, np.nan, 1.0])
    assert choice.chosen == [2]


def test_what_is_taken_already_stays_and_counts():
    aoi = square(0, 0)
    half, whole = box(-0.5, -0.5, 0.0, 0.5), square(0, 0, 0.6)
    choice = pick([half, whole], aoi, already=[0])
    assert choice.chosen == [0, 1]
    assert pick([half, whole], aoi, already=[0], most=1).chosen == [0]


@pytest.mark.parametrize("lat", [90.0, -90.0, 0.0])
def test_a_place_at_a_pole_or_on_the_seam_is_covered(lat):
    lon = 180.0
    ring = [swath(lon, lat, 0.0, 30000.0, 15200.0)]
    aoi = canonical_footprint(Polygon(ring[0]))
    halves = []
    for side in (-1, 1):
        corners = swath(lon, lat, 90.0, 15200.0, 15200.0)
        local = LocalMap(lon, lat)
        x, y = local.to_map(*np.array(corners).T)
        moved = Polygon(np.column_stack([x, y]))
        halves.append(local.lonlat(shapely.affinity.translate(moved, 7500.0 * side)))
    # Two squares of 15.2 km side by side over a place of 30 x 15.2 km.
    turned = LocalMap(lon, lat)
    wide = turned.project(aoi)
    if wide.bounds[2] - wide.bounds[0] < wide.bounds[3] - wide.bounds[1]:
        aoi = turned.lonlat(shapely.affinity.rotate(wide, 90))
    assert pick(halves, aoi).coverage > 0.99


@pytest.mark.slow
@pytest.mark.parametrize(("lat", "lon", "seed", "most"), [(-10.4, -165.1, 1, 20), (85.0, 179.0, 2, 400)])
def test_2000_footprints_are_covered_as_well_as_by_the_greedy_choice(lat, lon, seed, most):
    """With no more images than it takes; on other cells than those that are chosen on, and by another program."""
    aoi = area_of_interest({**TARGET, "lat": lat, "lon": lon, "projection": "orthographic"})
    rings, suns, resolutions = catalogue(2000, lat, lon, 24_000.0, seed)
    footprints = [canonical_footprint(Polygon(ring)) for ring in rings]
    local = LocalMap.about(aoi)
    shown = cells_shown([local.project(outline) for outline in footprints], local.project(aoi), 300.0)
    plain = greedy(shown, 0.002 * shown.shape[1], most)
    begun = time.process_time()
    choice = pick(footprints, aoi, suns, resolutions, len(plain), 0.002)
    assert time.process_time() - begun < 20.0
    ours, theirs = (shown[rows].any(axis=0).mean() for rows in (choice.chosen, plain))
    assert len(choice.chosen) <= len(plain) and ours >= theirs
    assert choice.coverage == pytest.approx(ours, abs=3e-3), "within what the two rasters differ by"
    # Left to itself it may take fewer, or one more that shows more.
    free = pick(footprints, aoi, suns, resolutions, 400, 0.002).chosen
    assert most < 400 or (len(free) <= len(plain) + 1 and shown[free].any(axis=0).mean() >= theirs)
