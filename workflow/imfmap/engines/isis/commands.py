"""The commands of the ISIS engine: which program with which parameters, by the settings. Nothing runs here."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...maps.bodies import body, true_scale_latitude
from .boxes import LonLatBox
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
        Values by ISIS's names of the parameters, in lower case.
    """

    program: str
    parameters: dict[str, Any]

    def check(self) -> None:
        """Raise InputError if ISIS's interface has no such command."""
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


def ingest(edr: str | Path, cube: str | Path) -> Command:
    """Return the command that imports an EDR as a cube."""
    return Command("lronac2isis", {"from": edr, "to": cube})


def spice(cube: str | Path, isis: Mapping[str, Any]) -> Command:
    """Return the command that writes position, pointing and shape into a cube.

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


def calibrate(cube: str | Path, out: str | Path, processing: Mapping[str, Any]) -> Command:
    """Return the command that turns counts into I/F.

    Parameters
    ----------
    cube, out : path
    processing : mapping
        ``processing`` of the config: the switch of each step, and the darks.
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


def echo(cube: str | Path, out: str | Path) -> Command:
    """Return the command that removes the echo of the readout."""
    return Command("lronacecho", {"from": cube, "to": out})


def photometry(cube: str | Path, out: str | Path, parameter_file: str | Path, isis: Mapping[str, Any]) -> Command:
    """Return the command that brings an image to one geometry of light.

    Parameters
    ----------
    cube, out : path
    parameter_file : path
        PVL file of the photometric model.
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


def image_range(cube_list: str | Path, out: str | Path, place: Mapping[str, Any], box: LonLatBox) -> Command:
    """Return the command that measures what images cover, in the projection and longitudes of the target's map."""
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


def template(out: str | Path, place: Mapping[str, Any], box: LonLatBox) -> Command:
    """Return the command that writes the map to which a target's images are projected.

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


def project(
    cube: str | Path, out: str | Path, map_file: str | Path, resampling: str, patch_size: int, box: LonLatBox
) -> Command:
    """Return the command that projects an image by forward patches, as the paper did.

    Parameters
    ----------
    cube, out, map_file : path
    resampling : str
        A key of `INTERPOLATIONS`.
    patch_size : int
        Side of the patches in image pixels.
    box : LonLatBox
        Part of the map that the image covers.
    """
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


def find_brightness(cube_list: str | Path, hold_list: str | Path, statistics: str | Path, brightness: str) -> Command:
    """Return the command that computes corrections to one brightness.

    Each overlap is weighted by its pixels, as in the native engine.

    Parameters
    ----------
    cube_list, hold_list : path
        Lists of the cubes, and of the cubes that are held: one in each group of cubes that overlap.
    statistics : path
        PVL file that is written.
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


def apply_brightness(cube_list: str | Path, out_list: str | Path, statistics: str | Path) -> Command:
    """Return the command that applies the corrections in equalizer's statistics."""
    return Command("equalizer", {"process": "APPLY", "fromlist": cube_list, "tolist": out_list, "instats": statistics})


def mosaic(cube_list: str | Path, out: str | Path, priority: str) -> Command:
    """Return the command that lays images over each other.

    The source image of each pixel is tracked, except in an average: ISIS cannot do that.
    """
    parameters = {"fromlist": cube_list, "mosaic": out, "priority": priority.upper(), "grange": "AUTO"}
    if tracks(priority):
        parameters["track"] = True
    return Command("automos", parameters)


def tracks(priority: str) -> bool:
    """Return whether automos can track the source image of each pixel."""
    return priority != "average"


def tracking_cube(mosaic_cube: str | Path) -> Path:
    """Return the path at which automos writes the source image of each pixel (ISIS's ProcessMosaic)."""
    mosaic_cube = Path(mosaic_cube)
    return mosaic_cube.with_name(f"{mosaic_cube.stem}_tracking.cub")


def patch_size(image_resolution_m: float, map_resolution_m: float, shape_resolution_m: float | None = None) -> int:
    """Return the side of cam2map's patches: a pixel of the shape model or of the map, whichever is larger.

    Within a patch cam2map takes the projection for affine. A patch no larger than a pixel of the map or of the shape
    model loses nothing of either. A patch of 10 pixels loses nothing, either; smaller ones only take longer.

    Parameters
    ----------
    image_resolution_m, map_resolution_m : float
        Pixel sizes of image and map.
    shape_resolution_m : float, optional
        Pixel size of the shape model; None for a sphere.

    Returns
    -------
    int
        In image pixels, 10 to 256.
    """
    ratio = max(map_resolution_m, shape_resolution_m or 0.0) / image_resolution_m
    return int(np.clip(math.ceil(ratio - 1e-9), SMALLEST_PATCH, LARGEST_PATCH))
