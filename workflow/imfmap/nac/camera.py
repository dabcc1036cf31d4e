"""Cameras of NAC images, out of whatever holds one: a spiceinit'ed cube, an ISD, SPICE kernels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..camera.line_scan import LineScanCamera
from .isd import read_isd
from .label import NacLabel
from .spice_kernels import read_kernel_camera
from .spice_tables import read_cube_camera


def camera_from_cube(path: str | Path) -> LineScanCamera:
    """Camera of a spiceinit'ed ISIS cube, whole or cropped.

    Raises
    ------
    InputError
        Where the cube is no NAC image or carries no SPICE tables.
    """
    return LineScanCamera(**read_cube_camera(path))


def camera_from_isd(path: str | Path) -> LineScanCamera:
    """Camera of an ISD: ALE's JSON for the USGS line scanner model, or one that `isd.write_isd` wrote.

    Raises
    ------
    InputError
        Where the file is no ISD of a NAC, or lacks something.
    """
    return LineScanCamera(**read_isd(path))


def camera_from_kernels(label: str | Path | NacLabel | Mapping, kernels: Sequence[str | Path]) -> LineScanCamera:
    """Camera out of SPICE kernels.

    Parameters
    ----------
    label, kernels
        As `spice_kernels.read_kernel_camera`.

    Raises
    ------
    InputError
        Where a kernel is missing or the kernels do not cover the image.
    """
    return LineScanCamera(**read_kernel_camera(label, kernels))
