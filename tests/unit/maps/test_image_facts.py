"""Facts of an image in the tags of its raster."""

import pytest

from imfmap.core.errors import InputError
from imfmap.maps.image_facts import ImageFacts


def test_facts_come_back_from_tags():
    facts = ImageFacts("M1L", "2010-01-01T00:00:00", 271.5, 40.0, 1.0, 41.0, 0.9, "native")
    assert ImageFacts.from_tags(facts.tags(), "x.tif") == facts
    with pytest.raises(InputError, match="x.tif: has no tag IMF_PRODUCT"):
        ImageFacts.from_tags({}, "x.tif")
