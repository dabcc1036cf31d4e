"""A place and the settings of an image of it, for simulated terrain files."""

from imfmap.maps.bodies import body

CRS = body("moon").projected("equirectangular", -10.4, -165.1)
IMAGE = {"product": "M1500000000LE", "sun_azimuth_deg": 300.0, "incidence_deg": 72.0}
