"""Images that were projected elsewhere: rasters of one image, or of a mosaic under one Sun, on any map of the body."""

import logging
import math
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from ..acquisition.image_table import KnownFacts, nac_id
from ..acquisition.sun import sun_angles
from ..camera.footprint import map_azimuth_deg
from ..core.errors import InputError
from ..core.temporary import folder_beside
from ..maps.grids import MapGrid
from ..maps.image_facts import UNKNOWN, ImageFacts
from ..maps.isis_label import label_in_tags, object_in
from ..maps.rasters import create_raster, open_raster
from ..mosaic.foreign_raster import ForeignPixels, first_valid, part_on, warped_turns, windows
from ..mosaic.georeference import check_reference, covered_places, ground_pixel_m
from ..nac.label import preroll_time
from .coverage_check import CoverageCheck

log = logging.getLogger(__name__)

_OWN_PREFIX = "IMF_"
# Before this year, the number in a name is not that of an LROC image.
_FIRST_YEAR = 2009
# A Sun that was given is told if it differs from the computed one by more than this.
_TOLD_DEG = 3.0


def raster_to_map(
    path: str | Path,
    grid: MapGrid,
    out_path: str | Path,
    product: str,
    known: Mapping[str, Any] | None = None,
    nodata: float | None = None,
    min_valid_fraction: float = 0.0,
) -> ImageFacts:
    """Lay a raster of one image on a target's map.

    The values stay as they are (I/F or stretched counts), but for the scale and offset that the file gives. Each of the
    facts is taken from the first that has it: `known`; the tags of the file (see `facts_of_raster`); for the Sun, a
    computation from the start time and the place.

    Parameters
    ----------
    path : path
        Raster; only its first band is read. `foreign_raster.ForeignPixels` says which pixels are no data.
    grid : MapGrid
        The target's grid, onto which the raster is warped: averaged if its pixels are finer than 0.6 of the target's,
        else by cubic convolution. Pixels that lie on the grid already keep their values.
    out_path : path
        float32 raster to write, NaN for no data, with `image_facts.ImageFacts` tags; engine ``none``.
    product : str
        Product id that the image gets.
    known : mapping, optional
        Values by the attributes of `image_table.KnownFacts`. For a Sun that is given, the place is the target's part
        that the image covers.
    nodata : float, optional
        A value that is no data, whatever the file says.
    min_valid_fraction : float
        Least share of the grid's pixels that the image must fill.

    Returns
    -------
    ImageFacts

    Raises
    ------
    InputError
        If the raster has no georeference, lies on an unknown body or on another body than the target, has coordinates
        that cannot be in its CRS's units, holds complex numbers, does not reach the target, has too few valid pixels
        or lies in shadow; or if its Sun is not known.
    """
    with open_raster(path) as source, folder_beside(out_path) as folder:
        check_reference(source, path, grid)
        given = KnownFacts.of(known or {}, str(path))
        given = given.or_else(facts_of_raster(source, path, known or {}))
        facts = _image_facts(source, path, grid, product, given)
        pixels = ForeignPixels(source, nodata, part_on(source, grid))
        if pixels.found_nodata:
            shown = " and ".join(f"{value:g}" for value in pixels.found_nodata)
            log.info("%s: pixels of value %s are taken for no data", path, shown)
        copy = folder / "image.tif"
        pixels.write_copy(copy, pixels.values, "float32", np.nan)
        with (
            open_raster(copy) as whole,
            ExitStack() as stack,
            create_raster(out_path, grid, "float32", nodata=np.nan, tags=facts.tags()) as image,
        ):
            turns, coverage = warped_turns(whole, grid, stack), CoverageCheck()
            for window in windows(grid.shape):
                values = first_valid(turns, window)
                coverage.add(values)
                if np.isfinite(values).any():
                    image.write(values, 1, window=window)
            coverage.check(path, grid, min_valid_fraction)
    log.info("%s: %s", path, facts)
    return facts


def facts_of_raster(source: rasterio.DatasetReader, path: str | Path, besides: Collection[str] = ()) -> KnownFacts:
    """Return what the tags of a raster say of its image.

    Tags are the names of `image_table.KnownFacts`, in capitals or not. Tags of this workflow (``IMF_...``) count, too;
    their direction of the Sun is that on the file's own map. The label of an ISIS cube, which GDAL also keeps in
    GeoTIFFs, gives the start time.

    Parameters
    ----------
    source : rasterio dataset
        Raster with a north-up or any other transform.
    path : path
        Named in messages.
    besides : collection of str
        Names of facts that are not asked for.

    Raises
    ------
    InputError
        If a tag has a wrong value.
    """
    tags = {key.lower(): value for key, value in source.tags().items()}
    own = {key.removeprefix(_OWN_PREFIX.lower()): value for key, value in tags.items() if key.startswith("imf_")}
    own = {key: value for key, value in own.items() if value not in ("nan", UNKNOWN)}
    if "ground_resolution_m" in own:
        own["resolution_m"] = own["ground_resolution_m"]
    if "sun_azimuth_deg" in own:
        own["sun_azimuth_deg"] = _ground_azimuth_deg(source, KnownFacts.of(own, f"{path}: tags").sun_azimuth_deg)
    if "start_time" not in tags and "start_time" not in besides:
        start = object_in(label_in_tags(source, path), "IsisCube", "Instrument").get("StartTime")
        tags |= {"start_time": start} if start else {}
    asked = {key: value for key, value in (own | tags).items() if key not in besides}
    return KnownFacts.of(asked, f"{path}: tags")


def _ground_azimuth_deg(source, map_azimuth_deg):
    """Return a direction on a raster's own map, clockwise from up, as one on the ground, clockwise from north."""
    grid = MapGrid.of(source)
    jacobian = grid.ground_jacobians(source.height / 2, source.width / 2)[0]
    east, north = jacobian @ [math.sin(math.radians(map_azimuth_deg)), math.cos(math.radians(map_azimuth_deg))]
    return math.degrees(math.atan2(east, north)) % 360.0


def _image_facts(source, path, grid, product, known):
    """Return the facts of an image at the middle of its part on the grid."""
    row, column = covered_places(source, grid).mean(axis=0)
    lon, lat = (float(angle) for angle in grid.lonlat(row, column))
    if known.start_time is None:
        known = replace(known, start_time=_time_in_name(path))
    azimuth_deg, incidence_deg = _sun(path, grid, lon, lat, known)
    pixel_m = ground_pixel_m(source, grid)
    log.info("%s: pixels of %.3f m on the ground are laid on a map of %g m/px", path, pixel_m, grid.resolution_m)
    return ImageFacts(
        product=product,
        start_time=known.start_time or UNKNOWN,
        sun_azimuth_deg=map_azimuth_deg(grid, lon, lat, azimuth_deg),
        incidence_deg=incidence_deg,
        emission_deg=math.nan if known.emission_deg is None else known.emission_deg,
        phase_deg=math.nan if known.phase_deg is None else known.phase_deg,
        # A raster may have more pixels than the camera's.
        ground_resolution_m=max(pixel_m, known.resolution_m or 0.0),
        engine="none",
    )


def _time_in_name(path):
    """Return the time that the id of a NAC image in the name of a file tells, right to seconds; None without an id."""
    product = nac_id(path)
    moment = preroll_time(product) if product else None
    if moment is None or moment.year < _FIRST_YEAR:
        return None
    log.info("%s: its start time is taken from its name: %s", path, moment.isoformat(sep=" ", timespec="seconds"))
    return moment.isoformat(timespec="milliseconds")


def _sun(path, grid, lon_deg, lat_deg, known):
    """Return azimuth and incidence of the Sun: those that are known, else computed from the start time."""
    given = known.sun_azimuth_deg, known.incidence_deg
    if known.start_time is None or grid.body.name != "moon":
        if None in given:
            raise _unknown_sun(path, grid, known)
        return given
    computed = sun_angles(known.start_time, lon_deg, lat_deg)
    for name, theirs, ours in zip(("azimuth", "incidence"), given, computed, strict=True):
        if theirs is None:
            log.info("%s: the Sun's %s is computed from the start time: %.3f degrees", path, name, ours)
        elif abs((theirs - ours + 180.0) % 360.0 - 180.0) > _TOLD_DEG:
            log.warning(
                "%s: the Sun's %s is given as %.1f degrees, but at the start time it was %.1f: check both",
                *(path, name, theirs, ours),
            )
    azimuth_deg, incidence_deg = (
        ours if theirs is None else theirs for theirs, ours in zip(given, computed, strict=True)
    )
    if incidence_deg >= 90.0:
        found = f"at {known.start_time} the Sun was below its horizon (incidence {incidence_deg:.1f} degrees)"
        raise InputError(path, found, "correct its start_time, or the place of the raster")
    return azimuth_deg, incidence_deg


def _unknown_sun(path, grid, known):
    missing = [name for name in ("sun_azimuth_deg", "incidence_deg") if getattr(known, name) is None]
    found = f"is to be taken as an image, but its Sun is unknown ({' and '.join(missing)})"
    ways = "give them in its line of image_table, in tags of the file, or as keys of the target of a mosaic"
    if grid.body.name == "moon":
        ways += "; or give start_time, from which they are computed"
    return InputError(path, found, ways)
