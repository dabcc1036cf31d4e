"""The small print of a map: projection, datum, resolution, images with dates and Suns, and the threshold."""

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...maps.image_facts import UNKNOWN

if TYPE_CHECKING:
    from ...maps.grids import MapGrid
    from ...maps.image_facts import ImageFacts

# Of more images, the ranges of dates and angles stand for the single ones.
MOST_NAMED = 4


def reference_words(grid: "MapGrid") -> str:
    """Return projection, datum, type of latitude and resolution of a map in words."""
    operation = grid.crs.coordinate_operation
    places = [
        f"{parameter.name[0].lower()}{parameter.name[1:]} {_degrees(parameter.value)}"
        for parameter in operation.params
        if "atitude" in parameter.name or "ongitude" in parameter.name
    ]
    datum = f"sphere of the {grid.body.name.capitalize()}, radius {grid.body.radius_m / 1000:.1f} km"
    kind = "planetocentric latitude, longitude positive to the east"
    projection = f"{operation.method_name} ({', '.join(places)})"
    return f"Projection: {projection}; datum: {datum}; {kind}; {grid.resolution_m:g} m per pixel"


def image_words(images: "Sequence[ImageFacts]") -> str:
    """Return the images of a map with their dates and Suns in words; an empty text without images.

    Of more than `MOST_NAMED` images, the ranges are given. Azimuths are clockwise from the map's up.
    """
    if not images:
        return ""
    if len(images) <= MOST_NAMED:
        return "Images: " + "; ".join(_one_image(image) for image in images)
    days = sorted(day for day in map(_day, images) if day)
    words = [f"{len(images)} images (listed in footprints.gpkg)"]
    words += [days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"] if days else []
    incidences = sorted(image.incidence_deg for image in images if math.isfinite(image.incidence_deg))
    words += [f"incidence {incidences[0]:.0f}° to {incidences[-1]:.0f}°"] if incidences else []
    azimuths = sorted({round(image.sun_azimuth_deg) for image in images if math.isfinite(image.sun_azimuth_deg)})
    words += [f"sunlight from {azimuths[0]}° to {azimuths[-1]}° on the map"] if azimuths else []
    return "Images: " + ", ".join(words)


def small_print(
    grid: "MapGrid", images: "Sequence[ImageFacts]", threshold: float | None, footer: str, letters: int
) -> str:
    """Return all that a map states in small print, in lines of at most so many letters.

    Parameters
    ----------
    grid : MapGrid
        Pixels of the map.
    images : sequence of image_facts.ImageFacts
        May be empty.
    threshold : float or None
        Probability from which on a pixel is fracture, 0..1.
    footer : str
        Model and credit.
    letters : int
    """
    parts = [reference_words(grid), image_words(images), method_words(threshold, footer)]
    return "\n".join(textwrap.fill(part, letters) for part in parts if part)


def method_words(threshold: float | None, footer: str) -> str:
    """Return threshold, and the map's footer with model and credit."""
    level = "" if threshold is None else f"Fractures: probability of {threshold:.2g} or more. "
    return level + footer


def _one_image(image):
    words = [f"{image.product} {_day(image)}".strip()]
    if math.isfinite(image.sun_azimuth_deg):
        words.append(f"sunlight from {image.sun_azimuth_deg:.0f}° on the map")
    if math.isfinite(image.incidence_deg):
        words.append(f"incidence {image.incidence_deg:.0f}°")
    return ", ".join(words)


def _day(image):
    return "" if image.start_time == UNKNOWN else image.start_time[:10]


def _degrees(value):
    return f"{round(value, 4):g}°"
