"""What ISIS's error texts mean, and what to do about them.

The texts come from the sources of ISIS 8, and from runs of this workflow with ISIS 8.3.0. Comments name the programs
that print them.
"""

import re
import signal
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import InputError, SetupError
from ...core.machine_faults import FAULTS, NO_ROOM, fault_in
from ...core.temporary import shown

_BASE = "run downloadIsisData base $ISISDATA"
# The calibration files; with the kernels of LRO it would be hundreds of GB.
_FETCH = 'fetch it: downloadIsisData lro $ISISDATA --exclude="kernels/**"'
_KERNELS = "set processing.isis.spice: web, or fetch the kernels (downloadIsisData lro $ISISDATA)"
_ROOM = "make room (each cube of a full image takes 1 GB), then run the same command again"
_NO_VERSION = r"No existing files found with a numerical version matching \[(?P<file>[^\]]*)\]"
_CAMERA = r"Unable to initialize camera model"


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
    but : tuple of str
        Programs that mean something else by it.
    """

    pattern: str
    found: str
    remedy: str
    setup: bool = False
    but: tuple[str, ...] = ()


# The first that fits counts: causes stand before the messages that ISIS wraps them in.
MEANINGS = (
    # Any program; the operating system's words.
    Meaning(NO_ROOM.words, "the disk is full", _ROOM, setup=True),
    Meaning(
        r"Writing to the file \[(?P<file>[^\]]*)\] failed with writing \[\d+\] bytes",
        "the disk is full, or a quota is used up",
        _ROOM,
        setup=True,
    ),
    *(Meaning(fault.words, fault.found, fault.remedy, setup=True) for fault in FAULTS if fault is not NO_ROOM),
    Meaning(
        r"error while loading shared libraries: (?P<file>libcsm\S*?):?\s",
        "ISIS was installed with another version of csm, which has no {file}",
        "pin csm=3.0.3.3 beside isis=8.3.0, as envs/isis.yaml does, and make the environment again",
        setup=True,
    ),
    Meaning(
        r"error while loading shared libraries: (?P<file>[^\s:]+)|Library not loaded: (?P<other>\S+)",
        "the installation of ISIS is broken: a library is missing",
        "make ISIS's environment again",
        setup=True,
    ),
    Meaning(
        r"unable to find plugin|Unable to find \S*Plugin|\[Camera\.plugin\]",
        "the installation of ISIS is broken: a plugin is missing",
        "make ISIS's environment again, and check that ISISROOT (processing.isis.root) is its folder",
        setup=True,
    ),
    # spiceinit, and any program that looks at the newest version of a file: highestVersion()
    Meaning(
        r"No existing files found with a numerical version matching \[(?P<file>lroc_kernels[^\]]*)\]",
        "USGS's store does not have the kernel database {file}, which spiceinit needs",
        "set processing.isis.spice: web, or processing.isis.data to the tree of acquisition.isisdata, for which this "
        "workflow writes a kernel database",
        setup=True,
    ),
    # The folder of LRO first: folders above ISISDATA may be called anything, "base" too.
    Meaning(
        _NO_VERSION + r" in \[[^\]]*\blro/calibration\b",
        "ISISDATA has no calibration file {file}",
        _FETCH,
        setup=True,
    ),
    Meaning(
        _NO_VERSION + r" in \[[^\]]*\bbase\b(?![^\]]*\blro/)",
        "ISIS's base data has no file {file}",
        _BASE,
        setup=True,
    ),
    Meaning(
        _NO_VERSION + r" in \[[^\]]*\bkernels\b",
        "ISISDATA has no kernel {file}",
        _KERNELS,
        setup=True,
    ),
    Meaning(
        _NO_VERSION,
        "ISIS has no file {file}",
        _FETCH,
        setup=True,
    ),
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
        r"The server encountered an unexpected error",
        "the SPICE server failed over this image: this is how it says that it has no kernels for it",
        "leave the image out, try again later, or set processing.isis.spice: local",
    ),
    Meaning(
        r"The server sent an unrecognized response",
        "what answered is not the SPICE server, or it is out of order: a proxy's login page looks like this, too",
        "check processing.isis.web_url and the proxy, try again later, or set processing.isis.spice: local",
        setup=True,
    ),
    Meaning(
        r"An error occurred when talking to the server|Temporary failure in name resolution",
        "the SPICE server cannot be reached",
        "check the network and processing.isis.web_url, or set processing.isis.spice: local",
        setup=True,
    ),
    Meaning(
        r"NAIF DSK file \[(?P<file>[^\]]*)\] does not exist|returned incompatible SPICE data",
        "the shape model is not in ISISDATA",
        _BASE + ", or set processing.isis.shape: ellipsoid",
        setup=True,
    ),
    Meaning(
        r"unidentified file architecture|Unable to open shape ?model|\[?ShapeModelStatistics\]?",
        "the shape model is no cube that demprep wrote",
        "run demprep on the cube that processing.isis.shape_model names",
        setup=True,
    ),
    Meaning(
        r"Spice file does not exist \[(?P<file>[^\]]*\bbase/kernels/[^\]/]+/[^\]/]+)\]",
        "the kernel {file} is missing",
        _BASE,
        setup=True,
    ),
    Meaning(
        r"Spice file does not exist \[(?P<file>[^\]]*)\]",
        "the kernel {file} is missing",
        _KERNELS,
        setup=True,
    ),
    Meaning(
        r"camera model[^.]*is out of date",
        "this cube was made by a spiceinit of an older ISIS, whose camera model is out of date",
        "run spiceinit on the cube again",
    ),
    Meaning(
        _CAMERA,
        "the cube has no camera: spiceinit has not been run on it",
        "run spiceinit on the cube",
        but=("spiceinit",),
    ),
    Meaning(
        _CAMERA,
        "none of the kernels at hand gives this image a camera",
        "leave the image out; if every image fails so, run downloadIsisData lro $ISISDATA again",
    ),
    # lronaccal
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
    # lronacpho
    Meaning(
        r"Unable to find PVL object \[PhotometricModel\]",
        "the file that processing.photometry names has no photometric model",
        "give a parameter file of lronacpho, with an object PhotometricModel",
        setup=True,
    ),
    # lronac2isis
    Meaning(
        r"does not appear to be in LROC-NAC EDR format|PDS header is missing important keyword",
        "the file is no EDR of a NAC",
        "give the .IMG of the EDR collection",
    ),
    # equalizer
    Meaning(
        r"input images that do not overlap with enough valid pixels|Unable to normalize overlaps",
        "too few images overlap, so that equalizer cannot match their brightness",
        "set processing.mosaic.brightness: none, or leave out the images that overlap no other",
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

# Ends of a program that are its own fault or its input's. Any other signal comes from the machine or its users.
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGBUS)


def explained(program: str, text: str, where: str | Path | None = None) -> InputError:
    """Return the error to raise for what a program said.

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
        `SetupError` if no other image would fare better. ISIS's own words are part of it; if there is an
        ``Error = ...`` among them, only that.
    """
    text = shown(" ".join(text.split()))
    quoted = _quoted(text)
    place = _place(program, where)
    for meaning in MEANINGS:
        match = re.search(meaning.pattern, text + " ", re.IGNORECASE)
        if match and program not in meaning.but:
            kind = SetupError if meaning.setup else InputError
            return kind(place, f"{meaning.found.format(**match.groupdict())} (ISIS: {quoted})", meaning.remedy)
    return InputError(place, f"failed (ISIS: {quoted})", "look the message up in ISIS's manual of that program")


def ended_by_signal(program: str, number: int, where: str | Path | None = None) -> InputError:
    """Return the error to raise for a program that a signal ended.

    Parameters
    ----------
    program : str
    number : int
        The signal.
    where : path, optional
        File that the program worked on.

    Returns
    -------
    InputError
        `SetupError` if the program did not crash by itself.
    """
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "unknown"
    place = _place(program, where)
    if number in _CRASHES:
        return InputError(
            place,
            f"crashed (signal {number}, {name})",
            "leave the image out; if every image fails so, install ISIS anew",
        )
    if number == signal.SIGXFSZ:
        fault = fault_in(name)
        return SetupError(place, fault.found, fault.remedy)
    if number == signal.SIGKILL:
        return SetupError(
            place,
            f"was killed (signal {number}, {name}), perhaps because the machine or the job ran out of memory",
            "give the job more memory, or run fewer jobs at a time",
        )
    return SetupError(place, f"was ended from outside (signal {number}, {name})", "run the same command again")


def _place(program, where):
    return program if where is None else f"{program} of {shown(str(where))}"


def _quoted(text):
    """What ISIS says in ``Error = ...``, which stands in a long group of its standard output; else all it says."""
    match = re.search(r'\bError\s*=\s*("[^"]*"|\S.*?(?=\s\w+\s*=|\sEnd_Group|$))', text)
    return text if match is None else f"Error = {match[1]}"
