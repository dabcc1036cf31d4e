"""A configuration that asks for more than a run can make is refused before the first job."""

import pytest

from imfmap.core.errors import InputError
from imfmap.run.config.complete import complete

PRODUCTS = [f"M{100000000 + number}LE" for number in range(20_001)]


def completed(target=None, **sections):
    place = {"lat": 10, "lon": 20, "diameter_km": 3, "products": PRODUCTS[:2]}
    return complete({"run": {"name": "a"}, "targets": {"crater": {**place, **(target or {})}}, **sections}, "a.yaml")


@pytest.mark.parametrize(
    ("target", "sections", "said"),
    [
        (
            {"extent_km": [1500, 1500]},
            {},
            "1,000,000,000,000 pixels in its map .* limit is 100,000,000,000",
        ),
        ({"resolution_m": 1e-300}, {}, "targets.crater: inf pixels in its map"),
        ({"diameter_km": 1e300}, {}, "targets.crater: inf pixels in its map"),
        ({"extent_km": [300, 2]}, {}, "targets.crater: 150 times as long as wide"),
        ({}, {"mapping": {"density_radius_m": 0.01}}, "targets.crater: .* cells in the density map"),
        ({"products": PRODUCTS}, {}, "targets.crater: 20,001 images, and the limit is 20,000"),
        (
            {"products": PRODUCTS[:501]},
            {"processing": {"mosaic": {"brightness": "gain"}}},
            "targets.crater: 501 images, of which every pair is compared",
        ),
        ({}, {"mapping": {"random_sets": 10**9}}, "mapping.random_sets"),
        ({}, {"acquisition": {"max_images": 10**6}}, "acquisition.max_images"),
        ({}, {"coarse": {"resolution_m": 1e6}}, None),
    ],
)
def test_what_is_too_large_is_refused(target, sections, said):
    if said is None:
        completed(target, **sections)
        return
    with pytest.raises(InputError, match=said):
        completed(target, **sections)


def test_what_a_run_can_make_is_not():
    completed({"extent_km": [150, 150], "products": PRODUCTS[:-1]})
