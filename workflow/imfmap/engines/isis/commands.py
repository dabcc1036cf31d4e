"""The commands of the ISIS engine: settings in, program and parameters out. Nothing runs here."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...maps.bodies import body, true_scale_latitude
from .interface import check_command, interface, text_of

PROJECTIONS = {
    "equirectangular": "EQUIRECTANGULAR",
    "polar_stereographic": "POLARSTEREOGRAPHIC",
    "sinusoidal": "SINUSOIDAL",
    "orthographic": "ORTHOGRAPHIC",
}
INTERPOLATIONS = {"nearest": "NEARESTNEIGHBOR", "bilinear": "BILINEAR", "cubic": "CUBICCONVOLUTION"}
ADJUSTMENTS = {"offset": "BRIGHTNESS", "gain": "GAIN", "both": "BOTH"}
_KEPT = ("spiceinit", "model")
# Overlaps of fewer pixels do not count when images are brought to one brightness (equalizer's own default).
LEAST_OVERLAP_PX = 1000
# Measured with ISIS 8.3.0: a full image takes 5 minutes with patches of 10, and 31 with patches of 3. The two differ by
# 1.3e-6 in I/F and by 1e-4 pixels. Patches above 256 save no time.
SMALLEST_PATCH, LARGEST_PATCH = 10, 256


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

    def with_paths(self, existing: Callable[[str], str], new: Callable[[str], str]) -> "Command":
        """Return the command with other names of its files.

        A shape model keeps its own: spiceinit writes it into the cube, where later programs look for it.

        Parameters
        ----------
        existing, new : callable
            Give the name of a file that is there, and of one that the program writes.
        """
        renamed = {}
        for name, value in self.parameters.items():
            known = interface().get(self.program, {}).get(name, {})
            if known.get("type") in ("cube", "filename") and str(value) and (self.program, name) != _KEPT:
                value = (new if known.get("mode") == "output" else existing)(value)
            renamed[name] = value
        return replace(self, parameters=renamed)

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


def find_brightness(cube_list, hold_list, statistics, brightness):
    """Corrections to one brightness; each overlap counts by its pixels, as in the native engine.

    Parameters
    ----------
    cube_list, hold_list : path
        Lists of cubes, and of those among them that are held: one of each group of overlapping ones.
    statistics : path
        PVL that is written.
    brightness : str
        ``offset``, ``gain`` or ``both``.
    """
    return Command(
        "equalizer",
        {
            "process": "CALCULATE",
            "fromlist": cube_list,
            "holdlist": hold_list,
            "outstats": statistics,
            "adjust": ADJUSTMENTS[brightness],
            "mincount": LEAST_OVERLAP_PX,
            "weight": True,
        },
    )


def apply_brightness(cube_list, out_list, statistics):
    """Cubes of one brightness, by the corrections in equalizer's statistics."""
    return Command("equalizer", {"process": "APPLY", "fromlist": cube_list, "tolist": out_list, "instats": statistics})


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
    model loses nothing of either. A patch of 10 pixels loses nothing, either; smaller ones only take longer.

    Parameters
    ----------
    image_resolution_m, map_resolution_m : float
        Size of their pixels.
    shape_resolution_m : float, optional
        Of the shape model's; None for a sphere.

    Returns
    -------
    int
        10 to 256.
    """
    ratio = max(map_resolution_m, shape_resolution_m or 0.0) / image_resolution_m
    return int(np.clip(math.ceil(ratio - 1e-9), SMALLEST_PATCH, LARGEST_PATCH))
