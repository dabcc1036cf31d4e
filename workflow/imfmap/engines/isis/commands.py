"""The commands of the ISIS engine: settings in, program and parameters out. Nothing runs here."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...maps.bodies import body, true_scale_latitude
from .interface import check_command, text_of

PROJECTIONS = {
    "equirectangular": "EQUIRECTANGULAR",
    "polar_stereographic": "POLARSTEREOGRAPHIC",
    "sinusoidal": "SINUSOIDAL",
    "orthographic": "ORTHOGRAPHIC",
}
INTERPOLATIONS = {"nearest": "NEARESTNEIGHBOR", "bilinear": "BILINEAR", "cubic": "CUBICCONVOLUTION"}
ADJUSTMENTS = {"offset": "BRIGHTNESS", "gain": "GAIN", "both": "BOTH"}
# What cam2map makes of smaller patches is a patch of 3 (cam2map.cpp); larger ones than this save no time.
SMALLEST_PATCH, LARGEST_PATCH = 3, 256


@dataclass(frozen=True)
class Command:
    """One call of an ISIS program.

    Attributes
    ----------
    program : str
    parameters : dict
        By ISIS's own names, lower case.
    """

    program: str
    parameters: dict

    def check(self):
        """Hold it to ISIS's interface; raises InputError."""
        check_command(self.program, self.parameters)

    def __str__(self):
        return " ".join([self.program, *(f"{name}={text_of(value)}" for name, value in self.parameters.items())])


def ingest(edr, cube):
    """EDR to cube."""
    return Command("lronac2isis", {"from": edr, "to": cube})


def spice(cube, isis):
    """Position, pointing and shape, written into the cube.

    Parameters
    ----------
    cube : path
    isis : mapping
        ``processing.isis`` of the config.
    """
    parameters = {"from": cube, "shape": isis["shape"].upper()}
    if isis["shape"] == "user":
        parameters["model"] = isis["shape_model"]
    if isis["spice"] == "web":
        parameters |= {"web": True, "url": isis["web_url"]}
    for kind in ("ck", "spk"):
        parameters |= {f"{kind}smithed": isis["smithed"], f"{kind}predicted": isis["predicted"]}
    return Command("spiceinit", parameters)


def calibrate(cube, out, processing):
    """Counts to I/F.

    Parameters
    ----------
    cube, out : path
    processing : mapping
        The config's ``processing``: the switches of each step, and the darks.
    """
    parameters = {
        "from": cube,
        "to": out,
        "masked": processing["masked"],
        "dark": processing["dark"],
        "nonlinearity": processing["nonlinearity"],
        "flatfield": processing["flat"],
        "radiometric": True,
        "radiometrictype": "IOF",
    }
    if processing["dark"]:
        parameters["darkfiletype"] = processing["darks"].upper()
        if processing["darks"] == "custom":
            parameters["darkfile"] = processing["dark_file"]
    return Command("lronaccal", parameters)


def echo(cube, out):
    """Take the echo of the readout away."""
    return Command("lronacecho", {"from": cube, "to": out})


def photometry(cube, out, parameter_file, isis):
    """Bring an image to one geometry of light.

    Parameters
    ----------
    cube, out : path
    parameter_file : path
        Of the photometric model (PVL).
    isis : mapping
        ``processing.isis`` of the config.
    """
    return Command(
        "lronacpho",
        {
            "from": cube,
            "to": out,
            "phopar": parameter_file,
            "maxincidence": isis["max_incidence_deg"],
            "maxemission": isis["max_emission_deg"],
            "usedem": isis["light_on_shape"],
        },
    )


def image_range(cube_list, out, place, box):
    """Longitudes, latitudes and pixel sizes that images cover, in the terms of the target's map."""
    return Command(
        "mosrange",
        {
            "fromlist": cube_list,
            "to": out,
            "projection": PROJECTIONS[place["projection"]],
            "lattype": "PLANETOCENTRIC",
            "londir": "POSITIVEEAST",
            "londom": box.domain,
        },
    )


def template(out, place, box):
    """Map that a target's images are projected to.

    ISIS puts the upper left corner of its maps on whole multiples of the pixel resolution, as `MapGrid` does, so that
    both engines share their pixels.

    Parameters
    ----------
    out : path
    place : mapping
        The target's settings that its grid depends on, see `target_grid.PLACE_KEYS`.
    box : LonLatBox
        What the map spans.
    """
    radius_m = body(place["body"]).radius_m
    parallel = true_scale_latitude(place["projection"], place["lat"], place.get("standard_parallel_deg"))
    parameters = {
        "map": out,
        "projection": PROJECTIONS[place["projection"]],
        "clon": box.in_domain(place["lon"]),
        "targopt": "USER",
        "targetname": place["body"].capitalize(),
        "eqradius": radius_m,
        "polradius": radius_m,
        "lattype": "PLANETOCENTRIC",
        "londir": "POSITIVEEAST",
        "londom": box.domain,
        "rngopt": "USER",
        **box.parameters(),
        "resopt": "MPP",
        "resolution": place["resolution_m"],
    }
    if place["projection"] != "sinusoidal":
        parameters["clat"] = parallel
    return Command("maptemplate", parameters)


def project(cube, out, map_file, resampling, patch_size, box):
    """Map projection by forward patches, as the paper did, of the part of the map that the image covers."""
    return Command(
        "cam2map",
        {
            "from": cube,
            "map": map_file,
            "to": out,
            "pixres": "MAP",
            "defaultrange": "MAP",
            **box.parameters(),
            "interp": INTERPOLATIONS[resampling],
            "warpalgorithm": "FORWARDPATCH",
            "patchsize": patch_size,
        },
    )


def equalize(cube_list, out_list, brightness):
    """One brightness for overlapping images; each overlap counts by its pixels, as in the native engine."""
    parameters = {"fromlist": cube_list, "tolist": out_list, "adjust": ADJUSTMENTS[brightness], "weight": True}
    return Command("equalizer", parameters)


def mosaic(cube_list, out, priority):
    """Images laid over each other; which one a pixel came from is tracked, but for an average (ISIS cannot)."""
    parameters = {"fromlist": cube_list, "mosaic": out, "priority": priority.upper(), "grange": "AUTO"}
    if tracks(priority):
        parameters["track"] = True
    return Command("automos", parameters)


def tracks(priority):
    """Whether automos can tell which image each pixel came from."""
    return priority != "average"


def tracking_cube(mosaic_cube):
    """Where automos puts the cube that tells which image each pixel came from (ProcessMosaic)."""
    mosaic_cube = Path(mosaic_cube)
    return mosaic_cube.with_name(f"{mosaic_cube.stem}_tracking.cub")


def patch_size(image_resolution_m, map_resolution_m, shape_resolution_m=None):
    """Side of cam2map's patches in image pixels: the larger of shape model over image and map over image.

    Within a patch cam2map takes the projection for affine. A patch no larger than a pixel of the map or of the shape
    model loses nothing of either; smaller ones only take longer.

    Parameters
    ----------
    image_resolution_m, map_resolution_m : float
        Size of their pixels.
    shape_resolution_m : float, optional
        Of the shape model's; None for a sphere.

    Returns
    -------
    int
        3 to 256.
    """
    ratio = max(map_resolution_m, shape_resolution_m or 0.0) / image_resolution_m
    return int(np.clip(math.ceil(ratio - 1e-9), SMALLEST_PATCH, LARGEST_PATCH))
