"""Interface between the Narrow Angle Camera and the rest of the workflow.

A second camera would be a package beside this one, whose module `instrument` has the same functions. They return images
that are read by lines, a `model.CameraModel`, and the steps that turn lines into I/F. Two other modules may be imported
from outside: `label` (facts of an image) and `calibration_files` (names of files). Simulation makes images of this
camera, so it may use all of the package.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..camera.times import ephemeris_time
from ..core.errors import InputError
from ..core.product_ids import full_id, named_product
from .edr import Edr, read_edr, verify_md5

# Functions import the modules that need Numba or rasterio, so that a job that only downloads does not load these.
if TYPE_CHECKING:
    from ..camera.line_scan import LineScanCamera
    from .cube import NacCube

__all__ = [
    "cube_camera",
    "cube_radiometry",
    "open_cube",
    "open_edr",
    "processing_steps",
    "read_edr",
    "verify_md5",
    "write_camera",
]

_START_TOLERANCE_S = 1.0

# A step takes lines, float32 (n, samples), and the zero-based number of the first line. It returns as many lines.
Step = Callable[[np.ndarray, int], np.ndarray]


class StepSettings(Protocol):
    """Settings of the engine that `processing_steps` reads, see `pipeline.Processing`."""

    darks: str
    dark_file: str | Path | None
    masked: bool
    dark: bool
    nonlinearity: bool
    flat: bool
    echo: bool
    photometry: str | Path | None


def open_edr(
    edr_path: str | Path, camera: "LineScanCamera | str | Path", verify: bool = True
) -> "tuple[Edr, LineScanCamera]":
    """Open an EDR with its camera.

    Parameters
    ----------
    edr_path : path
    camera : LineScanCamera or path
        Camera of the same image, or the path of its ISD.
    verify : bool
        Whether to compare the image with the MD5 checksum in its label.

    Returns
    -------
    tuple of Edr and LineScanCamera

    Raises
    ------
    InputError
        If the EDR is unfit, or the camera belongs to another image.
    """
    from .camera import camera_from_isd

    edr = read_edr(edr_path)
    where = f"camera of {edr_path}"
    with ThreadPoolExecutor(1) as pool:
        # The checksum takes about as long as the camera. Another processor core computes it meanwhile.
        verified = pool.submit(verify_md5, edr_path) if verify else None
        if isinstance(camera, str | Path):
            where, camera = camera, camera_from_isd(camera)
        _check_camera(where, edr.label, camera)
        if verified is not None:
            verified.result()
    return edr, camera


def open_cube(cube_path: str | Path) -> "tuple[NacCube, LineScanCamera]":
    """Open a spiceinit'ed ISIS cube with its camera.

    The cube's attribute `radiometry` is "IOF", or None if the cube is not calibrated yet.

    Raises
    ------
    InputError
        If the cube is unfit: it is no NAC image, has no SPICE tables, is calibrated to another unit, or is a crop that
        is not calibrated.
    """
    from .camera import camera_from_cube
    from .cube import NacCube

    cube = NacCube(cube_path)
    camera = camera_from_cube(cube_path)
    if cube.radiometry not in (None, "IOF"):
        raise InputError(cube_path, f"is calibrated to {cube.radiometry}", "calibrate it to I/F (radiometrictype=iof)")
    if cube.radiometry is None and cube.cropped:
        raise InputError(
            cube_path, "is a crop that is not calibrated", "calibrate the whole image: its edges hold the masked pixels"
        )
    return cube, camera


def cube_radiometry(cube_path: str | Path) -> str | None:
    """Return the unit that lronaccal calibrated an ISIS cube to, see `cube.NacCube`; None if it is not calibrated.

    Raises
    ------
    InputError
        If the file is no cube of a NAC image.
    """
    from .cube import NacCube

    return NacCube(cube_path).radiometry


def cube_camera(cube_path: str | Path) -> "LineScanCamera":
    """Return the camera of a spiceinit'ed ISIS cube.

    Raises
    ------
    InputError
        If the cube is no NAC image, or was not spiceinit'ed.
    """
    from .camera import camera_from_cube

    return camera_from_cube(cube_path)


def write_camera(edr_path: str | Path, kernels: Sequence[str | Path], isd_path: str | Path) -> None:
    """Compute the camera of an EDR from SPICE kernels, and write it as an ISD.

    Raises
    ------
    InputError
        If a kernel is missing, or the kernels do not cover the image's time.
    """
    from .camera import camera_from_kernels
    from .isd import write_isd

    write_isd(camera_from_kernels(edr_path, kernels), isd_path)


def processing_steps(
    image: "Edr | NacCube", camera: "LineScanCamera", settings: StepSettings, calibration_dir: str | Path | None
) -> list[tuple[str, Step]]:
    """Return the names and functions of the steps from raw lines to I/F, in order.

    Parameters
    ----------
    image : Edr or NacCube
    camera : LineScanCamera
    settings : StepSettings
    calibration_dir : path, optional
        Laid out as ``$lro/calibration`` of ISISDATA; None for an image that is calibrated already.

    Raises
    ------
    InputError
        If a calibration file or the photometric model is missing or broken.
    """
    from .calibration import Calibration, remove_echo
    from .photometry import PhotometricModel, Photometry

    steps = []
    if calibration_dir is not None:
        options = ("darks", "masked", "dark", "nonlinearity", "flat", "dark_file")
        calibration = Calibration.for_edr(
            image,
            calibration_dir,
            sun_distance_au=camera.sun_distance_au,
            **{name: getattr(settings, name) for name in options},
        )
        steps.append(("calibrate", lambda lines, first: calibration.apply(lines)))
        if settings.echo:
            steps.append(("echo", lambda lines, first: remove_echo(lines, image.label)))
    if settings.photometry is not None:
        photometry = Photometry(camera, PhotometricModel.read(settings.photometry))
        steps.append(("photometry", photometry.apply))
    return steps


def _check_camera(where, label, camera):
    """Stop if product, side, size or time of a camera differ from the image's. An ISD's file name proves nothing."""
    start_s = float(camera.time_at(0.5))
    ours = (label.naif_id, label.lines, label.samples)
    theirs = (camera.instrument.naif_id, camera.lines, camera.samples)
    named = named_product(camera.product_id)
    other = named is not None and named != full_id(label.product_id)
    if other or ours != theirs or abs(start_s - ephemeris_time(label.start_time)) > _START_TOLERANCE_S:
        raise InputError(
            where,
            f"is of {camera.product_id}, camera {camera.instrument.naif_id}, {camera.lines} x {camera.samples} pixels, "
            f"{camera.start_time}; the EDR is {label.product_id}, camera {label.naif_id}, {label.lines} x "
            f"{label.samples} pixels, {label.start_time}",
            "give the ISD of this image",
        )
