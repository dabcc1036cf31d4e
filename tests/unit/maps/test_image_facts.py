"""Facts of an image in the tags of its raster."""

from dataclasses import replace

import pytest

from imfmap.core.errors import InputError
from imfmap.maps.image_facts import ImageFacts


def test_facts_come_back_from_tags():
    facts = ImageFacts("M1L", "2010-01-01T00:00:00", 271.5, 40.0, 1.0, 41.0, 0.9, "native")
    assert ImageFacts.from_tags(facts.tags(), "x.tif") == facts
    with pytest.raises(InputError, match="x.tif: has no tag IMF_PRODUCT"):
        ImageFacts.from_tags({}, "x.tif")


def test_a_projected_image_of_another_product_than_its_name_says_is_refused():
    facts = ImageFacts("M143947267LE", "2010-01-01T00:00:00", 271.5, 40.0, 1.0, 41.0, 0.9, "native")
    for name in ("M143947267LE.tif", "projected/M143947267L.tif", "mosaic.tif"):
        assert ImageFacts.from_tags(facts.tags(), name) == facts
    with pytest.raises(InputError, match="M143947268LE.tif: is product M143947267LE, but its name says M143947268LE"):
        ImageFacts.from_tags(facts.tags(), "projected/M143947268LE.tif")


def test_listed_times_name_their_zone():
    facts = ImageFacts("M1L", "2010-01-01T00:00:00.250", 271.5, 40.0, 1.0, 41.0, 0.9, "native")
    assert facts.listed()["start_time"] == "2010-01-01T00:00:00.250Z"
    assert replace(facts, start_time="2010-01-01T00:00:00Z").listed()["start_time"] == "2010-01-01T00:00:00Z"
    assert ImageFacts.of_mosaic("m", 1.5).listed()["start_time"] == "unknown"
