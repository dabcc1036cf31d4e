"""Images chosen so that they cover a place."""

import time

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from imfmap.acquisition.area_of_interest import area_of_interest
from imfmap.acquisition.footprints import LocalMap, canonical_footprint
from imfmap.acquisition.image_choice import choose_images
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


def pick(outlines, place, suns=None, resolutions=None, most=60, least=0.0, already=()):
    suns = np.tile(ONE_SUN, (len(outlines), 1)) if suns is None else np.asarray(suns, float)
    resolutions = np.ones(len(outlines)) if resolutions is None else np.asarray(resolutions, float)
    return choose_images(outlines, place, suns, resolutions, most, least, already)


def test_images_that_add_nothing_are_dropped_and_told_why():
    place = square(0, 0)
    left, right = box(-0.5, -0.5, 0.02, 0.5), box(-0.02, -0.5, 0.5, 0.5)
    choice = pick([box(-0.1, -0.1, 0.1, 0.1), left, right, square(9, 9), None, left], place)
    assert sorted(choice.chosen) == [1, 2] and choice.coverage == pytest.approx(1.0)
    assert sum(choice.adds) == pytest.approx(1.0)
    assert choice.reasons[0] == choice.reasons[5] == "adds no coverage: the chosen images show all that it shows"
    assert choice.reasons[3] == choice.reasons[4] == "does not show the place"


def test_too_little_and_too_many_are_told_apart():
    place = square(0, 0)
    strips = [box(-0.5, -0.5, 0.2, 0.5), box(0.19, -0.5, 0.49, 0.5), box(0.48, -0.5, 0.5, 0.5)]
    choice = pick(strips, place, least=0.05)
    assert sorted(choice.chosen) == [0, 1] and choice.reasons == {2: "adds 0.95 % of the place, too little"}
    choice = pick(strips, place, most=1)
    assert choice.chosen == [0] and choice.reasons[1] == "adds 29 % of the place, but max_images is reached"


def test_the_sun_of_most_images_wins_then_the_sharper_image():
    place, other = square(0, 0), [0.0, 1.0, 0.0]
    whole = square(0, 0, 0.6)
    choice = pick([whole] * 4, place, suns=[other, ONE_SUN, ONE_SUN, ONE_SUN], resolutions=[0.4, 1.0, 0.6, 0.8])
    assert choice.chosen == [2]
    np.testing.assert_allclose(choice.sun_angles_deg, [90, 0, 0, 0], atol=1e-6)
    # One that adds a little more does not win over the Sun that most have, where that costs nothing.
    wider = box(-0.5, -0.5, 0.05, 0.5)
    choice = pick([wider, box(-0.5, -0.5, 0.0, 0.5), box(-0.05, -0.5, 0.5, 0.5)], place, [other, ONE_SUN, ONE_SUN])
    assert sorted(choice.chosen) == [1, 2]


def test_an_image_without_time_or_sharpness_comes_last():
    whole = square(0, 0, 0.6)
    choice = pick([whole, whole, whole], square(0, 0), [[np.nan] * 3, ONE_SUN, ONE_SUN], [0.5, np.nan, 1.0])
    assert choice.chosen == [2]


def test_what_is_taken_already_stays_and_counts():
    place = square(0, 0)
    half, whole = box(-0.5, -0.5, 0.0, 0.5), square(0, 0, 0.6)
    choice = pick([half, whole], place, already=[0])
    assert choice.chosen == [0, 1]
    assert pick([half, whole], place, already=[0], most=1).chosen == [0]


@pytest.mark.parametrize("lat", [90.0, -90.0, 0.0])
def test_a_place_at_a_pole_or_on_the_seam_is_covered(lat):
    lon = 180.0
    ring = [swath(lon, lat, 0.0, 30000.0, 15200.0)]
    place = canonical_footprint(Polygon(ring[0]))
    halves = []
    for side in (-1, 1):
        corners = swath(lon, lat, 90.0, 15200.0, 15200.0)
        local = LocalMap(lon, lat)
        x, y = local.to_map(*np.array(corners).T)
        moved = Polygon(np.column_stack([x, y]))
        halves.append(local.lonlat(shapely.affinity.translate(moved, 7500.0 * side)))
    # Two squares of 15.2 km side by side over a place of 30 x 15.2 km.
    turned = LocalMap(lon, lat)
    wide = turned.project(place)
    if wide.bounds[2] - wide.bounds[0] < wide.bounds[3] - wide.bounds[1]:
        place = turned.lonlat(shapely.affinity.rotate(wide, 90))
    assert pick(halves, place).coverage > 0.99


@pytest.mark.slow
@pytest.mark.parametrize(("lat", "lon", "seed", "most"), [(-10.4, -165.1, 1, 20), (85.0, 179.0, 2, 400)])
def test_2000_footprints_are_covered_as_well_as_by_the_greedy_choice(lat, lon, seed, most):
    """With no more images than it takes; on other cells than those that are chosen on, and by another program."""
    place = area_of_interest({**TARGET, "lat": lat, "lon": lon, "projection": "orthographic"})
    rings, suns, resolutions = catalogue(2000, lat, lon, 24_000.0, seed)
    outlines = [canonical_footprint(Polygon(ring)) for ring in rings]
    local = LocalMap.about(place)
    shown = cells_shown([local.project(outline) for outline in outlines], local.project(place), 300.0)
    plain = greedy(shown, 0.002 * shown.shape[1], most)
    begun = time.process_time()
    choice = pick(outlines, place, suns, resolutions, len(plain), 0.002)
    assert time.process_time() - begun < 20.0
    ours, theirs = (shown[rows].any(axis=0).mean() for rows in (choice.chosen, plain))
    assert len(choice.chosen) <= len(plain) and ours >= theirs
    assert choice.coverage == pytest.approx(ours, abs=3e-3), "within what the two rasters differ by"
    # Left to itself it may take fewer, or one more that shows more.
    free = pick(outlines, place, suns, resolutions, 400, 0.002).chosen
    assert most < 400 or (len(free) <= len(plain) + 1 and shown[free].any(axis=0).mean() >= theirs)
