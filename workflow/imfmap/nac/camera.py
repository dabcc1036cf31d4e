"""Cameras of NAC images from a spiceinit'ed cube, an ISD, or SPICE kernels."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..camera.line_scan import LineScanCamera
from ..core.errors import InputError
from .isd import MAKE_AGAIN, read_isd
from .label import NacLabel
from .spice_kernels import read_kernel_camera
from .spice_tables import read_cube_camera


def camera_from_cube(path: str | Path) -> LineScanCamera:
    """Return the camera of a spiceinit'ed ISIS cube, whole or cropped.

    Raises
    ------
    InputError
        If the cube is no NAC image, has no SPICE tables, or has values of the wrong type, or of no camera.
    """
    with _naming(path, "run spiceinit on the cube again"):
        return LineScanCamera(**read_cube_camera(path))


def camera_from_isd(path: str | Path) -> LineScanCamera:
    """Return the camera of an ISD: ALE's JSON for the USGS line scanner model, or a file that `isd.write_isd` wrote.

    Raises
    ------
    InputError
        If the file is no ISD of a NAC, or a value is missing, of the wrong type, or of no camera.
    """
    with _naming(path, MAKE_AGAIN):
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


@contextmanager
def _naming(path: str | Path, remedy: str) -> Iterator[None]:
    """Name the file in every error about its values. A file can hold any type at any place."""
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(path, str(error)) from None
    except KeyError as error:
        raise InputError(path, f"has no {error.args[0]}", remedy) from None
    except (TypeError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError, MemoryError) as error:
        raise InputError(path, f"has a value of the wrong type or size ({str(error)[:120]})", remedy) from None
