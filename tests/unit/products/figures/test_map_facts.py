"""The small print of maps: what a reader needs to use one."""

from dataclasses import replace

import numpy as np
import pytest

from imfmap.maps.image_facts import UNKNOWN, ImageFacts
from imfmap.products.figures.map_facts import MOST_NAMED, image_words, method_words, reference_words, small_print
from tests.helpers.target_factory import target_grid

IMAGE = ImageFacts("M150L", "2010-06-01T10:00:00", 275.0, 42.0, 1.5, 43.0, 1.0, "native")


@pytest.mark.parametrize(
    ("projection", "lat_deg", "said"),
    [
        ("equirectangular", -10.4, "latitude of 1st standard parallel -10.4°"),
        ("polar_stereographic", -80.0, "latitude of standard parallel -90°"),
        ("sinusoidal", 20.0, "Sinusoidal (longitude of natural origin -165°"),
    ],
)
def test_projection_datum_latitudes_and_resolution(projection, lat_deg, said):
    words = reference_words(target_grid(projection, lat_deg))
    for part in (said, "sphere of the Moon, radius 1737.4 km", "planetocentric latitude", "1.5 m per pixel"):
        assert part in words


def test_few_images_are_named_with_date_and_sun():
    assert image_words([IMAGE]) == "Images: M150L 2010-06-01, sunlight from 275° on the map, incidence 42°"
    assert image_words([]) == ""


def test_many_images_are_told_by_their_ranges():
    images = [
        replace(IMAGE, start_time=f"20{10 + number}-06-01T10:00:00", incidence_deg=40.0 + number, sun_azimuth_deg=90.0)
        for number in range(MOST_NAMED + 1)
    ]
    words = image_words(images)
    assert "5 images" in words and "2010-06-01 to 2014-06-01" in words and "incidence 40° to 44°" in words
    assert "M150L" not in words


def test_what_is_not_known_is_not_said():
    unknown = replace(IMAGE, start_time=UNKNOWN, incidence_deg=np.nan, sun_azimuth_deg=np.nan)
    assert image_words([unknown]) == "Images: M150L"
    assert "nan" not in image_words([unknown] * (MOST_NAMED + 1))


def test_threshold_model_and_credit():
    assert method_words(0.42, "Model net; NASA") == "Fractures: probability of 0.42 or more. Model net; NASA"
    assert method_words(None, "Model net") == "Model net"


def test_small_print_has_all_of_it_in_lines_that_fit():
    grid = target_grid()
    lines = small_print(grid, [IMAGE], 0.42, "Model net; NASA", 60).splitlines()
    assert max(map(len, lines)) <= 60
    said = " ".join(lines)
    assert said == f"{reference_words(grid)} {image_words([IMAGE])} {method_words(0.42, 'Model net; NASA')}"
    assert "Images" not in small_print(grid, [], 0.42, "Model net", 60)
