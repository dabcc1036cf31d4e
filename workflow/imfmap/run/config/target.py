"""The section of a target: a place, and one source of its pixels."""

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from ...core.choices import CAMERAS, ROLES, SUMMINGS, WAC
from ...core.limits import MOST_CHOSEN
from ...maps.bodies import BODIES, PROJECTIONS
from ...simulate.settings import IMAGE_RANGES, ImageSettings
from .fields import (
    ABSENT,
    Azimuth,
    Day,
    File,
    Latitude,
    ModelName,
    NotNegativeCount,
    PolygonOrFile,
    Positive,
    ProductId,
    Range,
    Section,
    Title,
    fault,
    number,
    numbers_in_one_form,
    pair,
    series,
    several,
    whole,
)

SOURCES = ("search", "products", "edrs", "cubes", "projected", "mosaic", "simulate")
_IMAGE = {name: field.default for name, field in ImageSettings.__dataclass_fields__.items()}


def _image_number(name):
    low, high = IMAGE_RANGES[name]
    return number(ge=low, le=high)


class Search(Section):
    """A search for images with ODE (Orbital Data Explorer)."""

    incidence_deg: Range = Field([0, 90], description="[least, most] incidence angle")
    emission_deg: Range = Field([0, 90], description="[least, most] emission angle")
    resolution_m: Range = Field([0, 1.6], description="[least, most] pixel size, metres")
    dates: pair(Day) = Field(ABSENT, description="[first, last] day of the images' start, UTC; by default all")
    polygon: PolygonOrFile = Field(
        ABSENT,
        description="ground that the images must cover, instead of the map: WKT in degrees (POLYGON, MULTIPOLYGON), or "
        "a vector file",
    )
    max_images: whole(ge=1, le=MOST_CHOSEN) = Field(ABSENT, description="instead of `acquisition.max_images`")


class SimulatedImage(Section):
    """One NAC image of a simulated scene."""

    product: ProductId = Field(description="product id")
    sun_azimuth_deg: Azimuth = Field(description="direction towards the Sun, clockwise from north")
    incidence_deg: _image_number("incidence_deg") = Field(description="incidence angle on level ground")
    camera: Literal[CAMERAS] = Field(_IMAGE["camera"], description="left or right camera")
    summing: Literal[SUMMINGS] = Field(_IMAGE["summing"], description="pixels summed across the track")
    altitude_km: _image_number("altitude_km") = Field(_IMAGE["altitude_km"], description="altitude of the orbit, km")
    offset_m: number() = Field(
        _IMAGE["offset_m"], description="offset of the swath's middle from the target's, metres to the east"
    )
    ascending: bool = Field(_IMAGE["ascending"], description="whether the spacecraft flies northwards")
    roll_deg: _image_number("roll_deg") = Field(_IMAGE["roll_deg"], description="roll of the spacecraft to the side")
    inclination_deg: _image_number("inclination_deg") = Field(
        _IMAGE["inclination_deg"], description="inclination of the orbit"
    )
    jitter_urad: _image_number("jitter_urad") = Field(
        _IMAGE["jitter_urad"], description="jitter of the attitude that the ISD records"
    )
    unrecorded_jitter_urad: _image_number("unrecorded_jitter_urad") = Field(
        _IMAGE["unrecorded_jitter_urad"], description="jitter of the attitude that is not recorded"
    )


class Simulate(Section):
    """A simulated scene; its other keys are those of `simulation`."""

    model_config = ConfigDict(extra="allow")

    seed: NotNegativeCount = Field(description="seed of the random choices in the scene")
    path: Literal["sensor", "direct"] = Field(
        "sensor",
        description="`sensor`: make an EDR of each image, or `direct`: make the projected images at once, for large "
        "sets",
    )
    images: series(SimulatedImage, least=1) = Field(description="images of the scene (below)")

    _one_form = model_validator(mode="before")(numbers_in_one_form)


class Target(Section):
    """A place, and one source of its pixels."""

    title: Title = Field(ABSENT, description="name on the map; by default the target's")
    role: Literal[ROLES] = Field(
        ABSENT,
        description="`train`, `validation` (the paper's Va2), `test` (Te) or `map`; a target without a role is made "
        "only if the command line names it",
    )
    body: Literal[tuple(BODIES)] = Field("moon", description="body that the target lies on")
    lat: Latitude = Field(description="latitude of the centre, degrees, planetocentric")
    lon: number(ge=-180, le=360) = Field(description="longitude of the centre, degrees, east-positive")
    diameter_km: Positive = Field(description="diameter of the crater")
    extent_km: pair(Positive) = Field(ABSENT, description="[width, height] of the map; by default 1.1 diameters")
    projection: Literal[PROJECTIONS] = Field(ABSENT, description="instead of `processing`'s")
    resolution_m: Positive = Field(ABSENT, description="instead of `processing`'s")
    standard_parallel_deg: Latitude | None = Field(ABSENT, description="instead of `processing`'s")
    verify_md5: bool = Field(ABSENT, description="instead of `processing`'s")
    labels: File = Field(
        ABSENT,
        description="file of labels that a person drew (below); needed for the roles train, validation and test",
    )
    boundary: File = Field(ABSENT, description="file with polygon layers `floor` and `ponds`")
    base_map: File = Field(
        ABSENT,
        description="raster of the body below the overview of the figure sheet; `wac`: the Moon's WAC mosaic of 100 m "
        "per pixel, which is fetched from USGS once for all runs (6.0 GB)",
    )
    model: ModelName = Field(ABSENT, description="model that maps the target, instead of `inference.model`")
    search: Search = Field(
        ABSENT, description="source: a search with ODE; images are chosen to cover the map, or a `polygon` (below)"
    )
    products: several(ProductId, least=1) | File = Field(
        ABSENT,
        description="source: list of product ids to fetch from the archive, or path of a product table (below)",
    )
    edrs: several(File, least=1) = Field(
        ABSENT,
        description="source: list of local .IMG files. The native engine reads the camera from an ISD (.json) beside "
        "each, and makes a missing ISD from kernels",
    )
    cubes: several(File, least=1) = Field(
        ABSENT, description="source: list of local ISIS cubes after spiceinit, calibrated or not"
    )
    projected: several(File, least=1) = Field(
        ABSENT,
        description="source: list of rasters (GeoTIFFs, map-projected cubes), each of one image that was projected "
        "elsewhere, on any map of the body and at any resolution",
    )
    image_table: File = Field(
        ABSENT,
        description="for `projected`: CSV with what is known of the images (below)",
    )
    nodata: number() = Field(
        ABSENT, description="for `projected` and `mosaic`: value of pixels without data, if the files do not say it"
    )
    mosaic: File = Field(
        ABSENT,
        description="source: a finished GeoTIFF, to map, to train on or to evaluate on (below)",
    )
    sun_azimuth_deg: Azimuth = Field(
        ABSENT, description="for a `mosaic` under one Sun: direction towards the Sun, clockwise from north"
    )
    incidence_deg: number(ge=0, lt=90) = Field(ABSENT, description="for a `mosaic` under one Sun: incidence angle")
    simulate: Simulate = Field(ABSENT, description="source: a simulated scene (below)")

    @model_validator(mode="after")
    def _base_map_of_the_body(self):
        if "base_map" in self.model_fields_set and self.base_map == WAC and self.body != "moon":
            raise fault(f"has the base map {WAC} and the body {self.body}", "give a raster of that body as base_map")
        return self

    @model_validator(mode="after")
    def _one_source(self):
        given = [name for name in SOURCES if name in self.model_fields_set]
        if len(given) != 1:
            raise fault(f"has {' and '.join(given) or 'no source'}", f"give exactly one of {', '.join(SOURCES)}")
        return self
