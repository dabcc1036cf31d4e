"""Sections about images: how they are fetched, calibrated, projected and mosaicked."""

from typing import Literal

from pydantic import Field

from ...core.choices import (
    BRIGHTNESS_MATCHES,
    COREGISTERED,
    DARKS,
    MOSAIC,
    PRIORITIES,
    PROCESSING,
    RESAMPLINGS,
    STRETCHES,
)
from ...core.limits import MOST_CHOSEN
from ...maps.bodies import PROJECTIONS
from .fields import (
    Count,
    File,
    FileOrUrl,
    Latitude,
    Positive,
    Section,
    Share,
    Url,
    UrlOrFolder,
    number,
    whole,
)

ENGINES = ("native", "isis")


class Mosaic(Section):
    """How the images of a target become its mosaic."""

    priority: Literal[PRIORITIES] = Field(
        MOSAIC["priority"],
        description="what overlapping images show: the first image (`beneath`), the last (`ontop`) or the `average`; "
        "images are in the order of their ids",
    )
    stretch: Literal[STRETCHES] = Field(
        MOSAIC["stretch"],
        description="stretch to 8 bit: between the 0.5 and 99.5 percentiles, rounded outwards to two digits "
        "(`percentile`), or between minimum and maximum, as `gdal_translate -scale` does (`minmax`)",
    )
    brightness: Literal[("none", *BRIGHTNESS_MATCHES)] = Field(
        MOSAIC["brightness"],
        description="match the brightness of images in their overlaps first: by `offset`, by `gain`, or by offset and "
        "contrast (`both`)",
    )


class Coregistration(Section):
    """How the images of a target are laid on each other."""

    images: Literal[COREGISTERED] = Field(
        "projected",
        description="which images are moved onto the first one that their target lists: those of `projected` targets, "
        "whose positions nobody controls; `all` (native engine); or `none`",
    )
    limit_m: Positive = Field(
        200, description="largest shift, metres; an image that lies farther off is left as it is, and the log says so"
    )


class Isis(Section):
    """What only the ISIS engine reads."""

    spice: Literal["web", "local"] = Field(
        "web", description="spiceinit uses USGS's `web` service, or `local` kernels in ISISDATA"
    )
    web_url: Url = Field(
        "https://astrogeology.usgs.gov/apis/ale/v0.9.1/spiceserver/", description="address of the `web` service"
    )
    shape: Literal["ellipsoid", "system", "user"] = Field("ellipsoid", description="shape that images are projected on")
    shape_model: File | None = Field(None, description="cube of the shape model, for shape `user`")
    smithed: bool = Field(False, description="use smithed kernels")
    predicted: bool = Field(False, description="use predicted kernels")
    patch_size: whole(ge=2) | Literal["auto"] = Field(
        "auto",
        description="side of cam2map's patches in image pixels; `auto`: the pixel size of the shape model or of the "
        "map, whichever is larger, over that of the image, within 10 to 256",
    )
    max_incidence_deg: number(ge=0, le=180) = Field(
        85, description="lronacpho gives ground at a larger incidence angle no value"
    )
    max_emission_deg: number(ge=0, le=90) = Field(
        85, description="lronacpho gives ground at a larger emission angle no value"
    )
    light_on_shape: bool = Field(
        False, description="lronacpho computes the angles on the shape model instead of the ellipsoid"
    )
    root: File | None = Field(
        None, description="folder of ISIS; by default `ISISROOT` of the environment, else the conda environment"
    )
    data: File | None = Field(None, description="folder of ISIS's data; by default `ISISDATA` of the environment")
    keep_intermediates: Literal["none", "maps", "all"] = Field(
        "maps",
        description="which cubes are kept: `none`, `all`, or the projected ones (`maps`). With these, another mosaic, "
        "or one more image, needs no new projection",
    )


class Processing(Section):
    """How images are calibrated and projected."""

    engine: Literal[ENGINES] = Field("native", description="`native` (NumPy, any machine) or `isis` (ISIS 8, by pysis)")
    resolution_m: Positive = Field(1.5, description="pixel size of the map, metres")
    projection: Literal[PROJECTIONS] = Field("equirectangular", description="map projection, centred on the target")
    standard_parallel_deg: Latitude | None = Field(
        None,
        description="latitude of true scale; by default the target's on equirectangular maps, the pole on polar ones",
    )
    resampling: Literal[RESAMPLINGS] = Field(
        PROCESSING["resampling"],
        description="how image pixels are resampled; `antialiased` (native engine) is for maps coarser than the images",
    )
    shape_model: File | None = Field(
        None,
        description="native engine: GeoTIFF of heights or radii that images are projected on; by default the sphere",
    )
    verify_md5: bool = Field(
        PROCESSING["verify_md5"],
        description="check each EDR against the MD5 in its label; set false for crops, whose labels have the MD5 of "
        "the whole image",
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
    masked: bool = Field(
        PROCESSING["masked"], description="step of lronaccal: subtract the offset of the masked columns"
    )
    dark: bool = Field(PROCESSING["dark"], description="step of lronaccal: subtract the dark current")
    darks: Literal[DARKS] = Field(
        PROCESSING["darks"],
        description="which averaged dark images: the `pair` around the image's time, the `nearest`, or a `custom` one",
    )
    dark_file: File | None = Field(None, description="cube of the dark image, for darks `custom`")
    nonlinearity: bool = Field(
        PROCESSING["nonlinearity"], description="step of lronaccal: correct the non-linear response"
    )
    flat: bool = Field(PROCESSING["flat"], description="step of lronaccal: divide by the flat field")
    echo: bool = Field(PROCESSING["echo"], description="correct the echo of the readout (lronacecho)")
    photometry: File | None = Field(
        None,
        description="parameter file of lronacpho (PVL); images are then normalised to incidence 30, emission 0, phase "
        "30 deg. By default they are not",
    )
    keep_calibrated: bool = Field(
        False,
        description="native engine: also write `calibrated/<product>.tif`, float32 I/F in the image's own geometry "
        "(0.5 GB or more an image)",
    )
    coregistration: Coregistration = Field(
        default_factory=Coregistration, description="how images are laid on each other (below)"
    )
    mosaic: Mosaic = Field(default_factory=Mosaic, description="how images become a mosaic (below)")
    isis: Isis = Field(default_factory=Isis, description="settings of the ISIS engine (below)")


class Acquisition(Section):
    """Where images, kernels and calibration files come from."""

    ode_url: Url = Field(
        "https://oderest.rsl.wustl.edu/live2", description="address of the search service (Orbital Data Explorer REST)"
    )
    zenodo_url: Url = Field(
        "https://zenodo.org/api", description="address of the service that published weights come from"
    )
    wac_url: Url = Field(
        "https://planetarymaps.usgs.gov/mosaic/Lunar_LRO_LROC-WAC_Mosaic_global_100m_June2013.tif",
        description="address of the mosaic that `base_map: wac` fetches (6.0 GB)",
    )
    mirror: FileOrUrl | None = Field(
        None,
        description="folder with EDRs anywhere in it, or address of a copy of the archive in its old or new layout; it "
        "is searched before the archive",
    )
    isisdata: File = Field(
        "results/isisdata",
        description="folder for kernels and calibration files that are fetched, laid out as `$ISISDATA`; all runs "
        "share it",
    )
    isisdata_url: UrlOrFolder | None = Field(
        "https://asc-isisdata.s3.us-west-2.amazonaws.com/usgs_data",
        description="store of these files: an S3 address, or a folder laid out like it; `null`: nothing is fetched",
    )
    connections: Count = Field(2, description="largest number of downloads at a time")
    timeout_s: number(gt=0, le=86400) = Field(60, description="seconds to wait for an answer")
    retries: whole(ge=0, le=1000) = Field(
        5, description="tries after a failure, with growing pauses; a server that limits requests (429) is waited for"
    )
    backoff_s: number(ge=0, le=3600) = Field(
        1, description="first pause before a new try, seconds; pauses for 429 are 30 times as long"
    )
    max_images: whole(ge=1, le=MOST_CHOSEN) = Field(60, description="largest number of images that a search may choose")
    min_gain: Share = Field(0.002, description="an image is chosen only if it adds this share of the place, or more")
    max_age_days: number(ge=0, le=100_000) | None = Field(
        None, description="repeat a search if its answer is older; by default never"
    )
