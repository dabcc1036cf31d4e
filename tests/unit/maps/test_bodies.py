"""Bodies and their projections: what cannot be is refused."""

import pytest

from imfmap.core.errors import InputError
from imfmap.maps.bodies import body, body_of

MOON = body("moon")


@pytest.mark.parametrize(
    ("projection", "lat", "parallel"),
    [("sinusoidal", 10.0, 5.0), ("equirectangular", 10.0, 90.0), ("polar_stereographic", -86.0, 81.0)],
)
def test_a_standard_parallel_that_cannot_be(projection, lat, parallel):
    with pytest.raises(InputError, match="standard_parallel_deg"):
        MOON.projected(projection, lat, 10.0, parallel)


def test_unknown_body_projection_and_crs_are_refused():
    with pytest.raises(InputError, match="unknown body 'pluto'"):
        body("pluto")
    with pytest.raises(InputError, match="unknown projection 'mercator'"):
        MOON.projected("mercator", 0, 0)
    with pytest.raises(InputError, match="no known body"):
        body_of("EPSG:4326")
