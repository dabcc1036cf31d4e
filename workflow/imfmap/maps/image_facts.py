"""What is known of one image on the map: carried in the tags of its projected raster."""

import math
from dataclasses import asdict, dataclass, fields

from ..core.errors import InputError
from .rasters import open_raster

_PREFIX = "IMF_"
# Tag of a raster that is made of several images: their product ids, joined by commas.
PRODUCTS_TAG = "IMF_PRODUCTS"


@dataclass(frozen=True)
class ImageFacts:
    """Facts of one projected image, taken at the middle of the part of it that lies on the target's grid.

    Attributes
    ----------
    product : str
        Product identifier, e.g. ``M143947267LE``.
    start_time : str
        UTC of the first line, ISO 8601; `unknown` of a mosaic that somebody else made.
    sun_azimuth_deg : float
        Direction towards the Sun on the map, clockwise from the grid's up, 0..360.
    incidence_deg, emission_deg, phase_deg : float
        Photometric angles on the reference surface.
    ground_resolution_m : float
        Size of an image pixel on the ground.
    engine : str
        ``native`` or ``isis``; ``none`` of a mosaic that somebody else made.
    """

    product: str
    start_time: str
    sun_azimuth_deg: float
    incidence_deg: float
    emission_deg: float
    phase_deg: float
    ground_resolution_m: float
    engine: str

    def tags(self):
        """dict of str: the facts as raster tags."""
        return {_PREFIX + key.upper(): str(value) for key, value in asdict(self).items()}

    @classmethod
    def of_mosaic(cls, product, ground_resolution_m, sun_azimuth_deg=math.nan, incidence_deg=math.nan):
        """Facts of a mosaic that somebody else made, as far as they are known; NaN angles are not."""
        return cls(product, "unknown", sun_azimuth_deg, incidence_deg, math.nan, math.nan, ground_resolution_m, "none")

    @classmethod
    def from_tags(cls, tags, path):
        """Facts out of raster tags.

        Raises
        ------
        InputError
            Where a tag is missing: the raster was not made by this workflow.
        """
        values = {}
        for field in fields(cls):
            key = _PREFIX + field.name.upper()
            if key not in tags:
                raise InputError(path, f"has no tag {key}", "project the image again with this workflow")
            values[field.name] = field.type(tags[key])
        return cls(**values)


def facts_of(path):
    """ImageFacts of a projected image."""
    with open_raster(path) as image:
        return ImageFacts.from_tags(image.tags(), path)
