"""Facts of one projected image: product, time, Sun, viewing angles. They are tags of its raster."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from ..core.errors import InputError
from ..core.product_ids import check_name
from .rasters import open_raster

_PREFIX = "IMF_"
# Tag of a raster that is made of several images. It holds their product ids, joined by commas.
PRODUCTS_TAG = "IMF_PRODUCTS"
# Start time of an image, if it is not known.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class ImageFacts:
    """Facts of one projected image, at the middle of its part on the target's grid.

    Attributes
    ----------
    product : str
        Product identifier, e.g. ``M143947267LE``.
    start_time : str
        UTC of the first line, ISO 8601; `UNKNOWN` for a mosaic, or an image whose start time is not known.
    sun_azimuth_deg : float
        Direction towards the Sun on the map, clockwise from the grid's up, 0..360.
    incidence_deg, emission_deg, phase_deg : float
        Photometric angles on the reference surface; NaN where they are not known.
    ground_resolution_m : float
        Size of an image pixel on the ground.
    engine : str
        ``native`` or ``isis``; ``none`` for an image or mosaic that was projected elsewhere.
    """

    product: str
    start_time: str
    sun_azimuth_deg: float
    incidence_deg: float
    emission_deg: float
    phase_deg: float
    ground_resolution_m: float
    engine: str

    def tags(self) -> dict[str, str]:
        """Return the facts as raster tags."""
        return {_PREFIX + key.upper(): str(value) for key, value in asdict(self).items()}

    def listed(self) -> dict[str, str | float]:
        """Return the facts for tables, with a start time of RFC 3339, which names its zone: UTC is ``Z``."""
        zone = "" if self.start_time == UNKNOWN or self.start_time.endswith("Z") else "Z"
        return asdict(self) | {"start_time": self.start_time + zone}

    @classmethod
    def of_mosaic(
        cls,
        product: str,
        ground_resolution_m: float,
        sun_azimuth_deg: float = math.nan,
        incidence_deg: float = math.nan,
    ) -> Self:
        """Return the facts of a mosaic that was imported. Angles that are not known are NaN."""
        return cls(product, UNKNOWN, sun_azimuth_deg, incidence_deg, math.nan, math.nan, ground_resolution_m, "none")

    @classmethod
    def from_tags(cls, tags: Mapping[str, str], path: str | Path) -> Self:
        """Return the facts in the tags of a raster. `path` names the raster in errors.

        Raises
        ------
        InputError
            If a tag is missing, or is no number. Then this workflow did not make the raster. If the raster is of
            another product than its name says.
        """
        values = {}
        for field in fields(cls):
            key = _PREFIX + field.name.upper()
            if key not in tags:
                raise InputError(path, f"has no tag {key}", "project the image again with this workflow")
            try:
                values[field.name] = field.type(tags[key])
            except ValueError:
                found = f"its tag {key} is '{tags[key][:40]}', no number"
                raise InputError(path, found, "project the image again with this workflow") from None
        check_name(path, values["product"])
        return cls(**values)


def facts_of(path: str | Path) -> ImageFacts:
    """Return the facts of a projected image."""
    with open_raster(path) as image:
        return ImageFacts.from_tags(image.tags(), path)
