"""Sections about images: how they are fetched, calibrated, projected and laid over each other."""

from typing import Literal

from pydantic import Field

from ...core.choices import (
    BRIGHTNESS_MATCHES,
    DARKS,
    MOSAIC,
    PRIORITIES,
    PROCESSING,
    RESAMPLINGS,
    STRETCHES,
)
from ...maps.bodies import PROJECTIONS
from .fields import Count, File, Latitude, NotNegative, NotNegativeCount, Positive, Section, Share, Url, number, whole

ENGINES = ("native", "isis")


class Mosaic(Section):
    """How the images of a target become its mosaic."""

    priority: Literal[PRIORITIES] = Field(
        MOSAIC["priority"],
        description="of overlapping images the first (`beneath`), the last (`ontop`) or the `average`; images are in "
        "the order of their ids",
    )
    stretch: Literal[STRETCHES] = Field(
        MOSAIC["stretch"],
        description="to 8 bit by the 0.5 and 99.5 percentiles, rounded outwards to two digits, or `minmax` as "
        "`gdal_translate -scale` does",
    )
    brightness: Literal[("none", *BRIGHTNESS_MATCHES)] = Field(
        MOSAIC["brightness"],
        description="bring images to one brightness by their overlaps first: by `offset`, `gain`, or `both` offset and "
        "contrast",
    )


class Isis(Section):
    """What only the ISIS engine reads."""

    spice: Literal["web", "local"] = Field(
        "web", description="spiceinit uses USGS's `web` service, or `local` kernels in ISISDATA"
    )
    web_url: Url = Field(
        "https://astrogeology.usgs.gov/apis/ale/v0.9.1/spiceserver/", description="address of that service"
    )
    shape: Literal["ellipsoid", "system", "user"] = Field("ellipsoid", description="shape that images are projected on")
    shape_model: File | None = Field(None, description="the cube, for shape `user`")
    smithed: bool = Field(False, description="use smithed kernels")
    predicted: bool = Field(False, description="use predicted kernels")
    patch_size: whole(ge=2) | Literal["auto"] = Field(
        "auto",
        description="side of cam2map's patches in image pixels; `auto`: the larger of shape model over image and map "
        "over image, 3 to 256",
    )
    max_incidence_deg: number(ge=0, le=180) = Field(
        85, description="lronacpho leaves ground at a larger incidence angle without a value"
    )
    max_emission_deg: number(ge=0, le=90) = Field(
        85, description="lronacpho leaves ground at a larger emission angle without a value"
    )
    light_on_shape: bool = Field(
        False, description="lronacpho takes the angles on the shape model instead of the ellipsoid"
    )
    root: File | None = Field(
        None, description="folder of ISIS, instead of the environment's `ISISROOT` (else the conda environment)"
    )
    data: File | None = Field(None, description="folder of ISIS's data, instead of the environment's `ISISDATA`")
    keep_intermediates: Literal["none", "maps", "all"] = Field(
        "maps",
        description="which cubes stay: `none`, `all`, or the projected ones (`maps`), so that another mosaic, or one "
        "with a further image, needs no new projection",
    )


class Processing(Section):
    """How images are calibrated and projected."""

    engine: Literal[ENGINES] = Field("native", description="`native` (NumPy, any machine) or `isis` (ISIS 8, by pysis)")
    resolution_m: Positive = Field(1.5, description="pixel size of the map, metres")
    projection: Literal[PROJECTIONS] = Field("equirectangular", description="of the map, centred on the target")
    standard_parallel_deg: Latitude | None = Field(
        None,
        description="latitude of true scale; by default the target's on equirectangular maps, the pole on polar ones",
    )
    resampling: Literal[RESAMPLINGS] = Field(
        PROCESSING["resampling"],
        description="of image pixels; `antialiased` (native engine) is for maps coarser than the images",
    )
    shape_model: File | None = Field(
        None,
        description="native engine: GeoTIFF of heights or radii that images are projected on; by default the sphere",
    )
    verify_md5: bool = Field(
        PROCESSING["verify_md5"],
        description="check an EDR against the MD5 in its label as it enters; false for crops, which carry their "
        "parent's",
    )
    min_valid_fraction: Share = Field(0.001, description="least share of a target's pixels that an image must fill")
    allow_missing: bool = Field(
        False,
        description="go on without images that cannot be processed (both engines): `left_out.csv` says which and why. "
        "By default they stop the target",
    )
    calibration_dir: File | None = Field(
        None,
        description="native engine: folder with the files of `$ISISDATA/lro/calibration`; by default each image's are "
        "fetched",
    )
    masked: bool = Field(PROCESSING["masked"], description="step of lronaccal: take the masked columns' offset away")
    dark: bool = Field(PROCESSING["dark"], description="step of lronaccal: take the dark current away")
    darks: Literal[DARKS] = Field(
        PROCESSING["darks"],
        description="average darks: the `pair` around the image's time, the `nearest`, or a `custom` one",
    )
    dark_file: File | None = Field(None, description="the cube, for darks `custom`")
    nonlinearity: bool = Field(PROCESSING["nonlinearity"], description="step of lronaccal: make the response linear")
    flat: bool = Field(PROCESSING["flat"], description="step of lronaccal: divide by the flat field")
    echo: bool = Field(PROCESSING["echo"], description="take the echo of the readout away (lronacecho)")
    photometry: File | None = Field(
        None,
        description="parameter file of lronacpho (PVL): brings images to incidence 30, emission 0, phase 30 deg",
    )
    keep_calibrated: bool = Field(
        False,
        description="native engine: also write `calibrated/<product>.tif`, float32 I/F in the image's own geometry "
        "(0.5 GB or more an image)",
    )
    mosaic: Mosaic = Field(default_factory=Mosaic, description="how images become a mosaic")
    isis: Isis = Field(default_factory=Isis, description="what only the ISIS engine reads")


class Acquisition(Section):
    """Where images, kernels and calibration files come from."""

    ode_url: Url = Field(
        "https://oderest.rsl.wustl.edu/live2", description="address of the search service (Orbital Data Explorer REST)"
    )
    zenodo_url: Url = Field(
        "https://zenodo.org/api", description="address of the service that published weights come from"
    )
    mirror: File | None = Field(
        None,
        description="folder (with EDRs anywhere in it), or address of a copy of the archive (in its old or new "
        "layout): asked before the archive",
    )
    isisdata: File = Field(
        "results/isisdata",
        description="tree that kernels and calibration files are fetched into, laid out as `$ISISDATA`; all runs share "
        "it",
    )
    isisdata_url: Url | None = Field(
        "https://asc-isisdata.s3.us-west-2.amazonaws.com/usgs_data",
        description="the store that they come from: an S3 address, or a folder laid out so; `null`: nothing is fetched",
    )
    connections: Count = Field(2, description="most downloads at a time")
    timeout_s: Positive = Field(60, description="seconds to wait for an answer")
    retries: NotNegativeCount = Field(
        5, description="tries after a failure, with growing pauses; a server that limits requests (429) is waited for"
    )
    backoff_s: NotNegative = Field(
        1, description="the first of these pauses, seconds; pauses for 429 are 30 times as long"
    )
    max_images: Count = Field(60, description="most images a search may choose")
    min_gain: Share = Field(0.002, description="least share of the place that an image must add to be taken")
    max_age_days: NotNegative | None = Field(None, description="repeat a search when its answer is older than this")
