"""Cameras of NAC images from a spiceinit'ed cube, an ISD, or SPICE kernels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..camera.line_scan import LineScanCamera
from .isd import read_isd
from .label import NacLabel
from .spice_kernels import read_kernel_camera
from .spice_tables import read_cube_camera


def camera_from_cube(path: str | Path) -> LineScanCamera:
    """Return the camera of a spiceinit'ed ISIS cube, whole or cropped.

    Raises
    ------
    InputError
        If the cube is no NAC image or has no SPICE tables.
    """
    return LineScanCamera(**read_cube_camera(path))


def camera_from_isd(path: str | Path) -> LineScanCamera:
    """Return the camera of an ISD: ALE's JSON for the USGS line scanner model, or a file that `isd.write_isd` wrote.

    Raises
    ------
    InputError
        If the file is no ISD of a NAC, or a value is missing.
    """
    return LineScanCamera(**read_isd(path))


def camera_from_kernels(label: str | Path | NacLabel | Mapping, kernels: Sequence[str | Path]) -> LineScanCamera:
    """Return the camera of an image from SPICE kernels.

    Parameters
    ----------
    label, kernels
        As `spice_kernels.read_kernel_camera`.

    Raises
    ------
    InputError
        If a kernel is missing or the kernels do not cover the image's time.
    """
    return LineScanCamera(**read_kernel_camera(label, kernels))
