"""What ISIS's error texts mean, and what to do about them.

The texts are those of ISIS 8's sources; the programs that they come from are named beside them.
"""

import re
from dataclasses import dataclass

from ...core.errors import InputError, SetupError

# The calibration files; with the kernels of LRO it would be tens of GB.
_FETCH = 'fetch it: downloadIsisData lro $ISISDATA --exclude="kernels/**"'


@dataclass(frozen=True)
class Meaning:
    """What one of ISIS's messages means.

    Attributes
    ----------
    pattern : str
        Regular expression, searched without regard to case.
    found : str
        What happened, in plain words.
    remedy : str
    setup : bool
        Whether the machine or the set-up is at fault, so that another image would fail alike.
    """

    pattern: str
    found: str
    remedy: str
    setup: bool = False


MEANINGS = (
    # Any program; the operating system's words.
    Meaning(
        r"No space left on device|Disk quota exceeded",
        "the disk is full",
        "make room (each cube of a full image takes 1 GB), then run the same command again",
        setup=True,
    ),
    # spiceinit
    Meaning(
        r"No Camera Kernels found for the image",
        "no kernel with the camera's pointing covers this image; those of recent months are published with a delay",
        "leave the image out, or try again when they are there; with processing.isis.spice: local also run "
        "downloadIsisData lro $ISISDATA",
    ),
    Meaning(
        r"The Spice Server was unable to initialize the cube",
        "the SPICE server has no kernels for this image; those of recent months are published with a delay",
        "leave the image out, try again later, or set processing.isis.spice: local",
    ),
    Meaning(
        r"An error occurred when talking to the server|Temporary failure in name resolution",
        "the SPICE server cannot be reached",
        "check the network and processing.isis.web_url, or set processing.isis.spice: local",
        setup=True,
    ),
    Meaning(
        r"returned incompatible SPICE data",
        "the SPICE server's answer does not fit this ISIS",
        "take the address of a newer service for processing.isis.web_url, or set processing.isis.spice: local",
        setup=True,
    ),
    Meaning(
        r"Unable to initialize camera model",
        "none of the kernels at hand gives this image a camera",
        "leave the image out; if every image fails so, run downloadIsisData lro $ISISDATA again",
    ),
    # lronaccal; highestVersion() of any program that looks for the newest version of a file
    Meaning(
        r"No existing files found with a numerical version matching \[(?P<file>[^\]]*)\]",
        "ISIS has no file {file}",
        _FETCH + " (of $base: downloadIsisData base $ISISDATA)",
        setup=True,
    ),
    Meaning(
        r"Could not find any dark file of type (?P<file>.*?)\.\s",
        "there is no dark file {file} in $ISISDATA/lro/calibration/nac_darks",
        _FETCH,
        setup=True,
    ),
    Meaning(
        r"Could not find a pair of dark files within 45 day range",
        "no two darks lie within 45 days about this image",
        f"set processing.darks: nearest, or {_FETCH}",
    ),
    Meaning(
        r"(?P<file>\S*calibration\S*) does not exist",
        "the calibration file {file} is missing",
        _FETCH,
        setup=True,
    ),
    Meaning(
        r"Unable to find the necessary SPICE kernels for converting to IOF",
        "the Sun's distance is not known",
        "run spiceinit first, or fetch the kernels: downloadIsisData base $ISISDATA",
        setup=True,
    ),
    Meaning(
        r"This image has already been calibrated",
        "the cube is calibrated already",
        "give the cube that lronac2isis wrote, or the calibrated one as a target's cubes",
    ),
    Meaning(
        r"geometrically transformed \(i\.e\. scaled, rotated, sheared, or reflected\) or cropped",
        "the cube is a crop: the masked pixels at the image's edges are gone",
        "calibrate the whole image before it is cropped",
    ),
    # lronac2isis
    Meaning(
        r"does not appear to be in LROC-NAC EDR format|PDS header is missing important keyword",
        "the file is no EDR of a NAC",
        "give the .IMG of the EDR collection",
    ),
    # equalizer
    Meaning(
        r"input images that do not overlap with enough valid pixels",
        "an image overlaps no other, so that equalizer cannot match their brightness",
        "set processing.mosaic.brightness: none, or leave the image out of the target",
        setup=True,
    ),
    # automos
    Meaning(
        r"Mapping groups do not match between cubes?",
        "the projected cubes are not of one map",
        "delete the target's folder isis and run again",
        setup=True,
    ),
    # any program, at its start
    Meaning(
        r"preference file \S* was not found|Unable to open \[[^\]]*/bin/xml/",
        "ISISROOT names no installation of ISIS",
        "activate ISIS's environment, or set processing.isis.root",
        setup=True,
    ),
    Meaning(
        r"Verify the output path exists and you have permission to write",
        "ISIS may not write there",
        "check the permissions of the results folder, and that the disk is not full",
        setup=True,
    ),
    Meaning(
        r"Unable to open \[(?P<file>[^\]]*)\]", "ISIS cannot open {file}", "check that the file is there and is whole"
    ),
)


def explained(program, text, where=None):
    """The error to raise for what a program said.

    Parameters
    ----------
    program : str
    text : str
        Its error output.
    where : path, optional
        File that it worked on.

    Returns
    -------
    InputError
        `SetupError` where no other image would fare better. ISIS's own words are part of it.
    """
    said = " ".join(text.split())
    place = program if where is None else f"{program} of {where}"
    for meaning in MEANINGS:
        match = re.search(meaning.pattern, said + " ", re.IGNORECASE)
        if match:
            kind = SetupError if meaning.setup else InputError
            return kind(place, f"{meaning.found.format(**match.groupdict())} (ISIS: {said})", meaning.remedy)
    return InputError(place, f"failed (ISIS: {said})", "look the message up in ISIS's manual of that program")
