"""Optics and detector of a line scanner, in the terms of its SPICE instrument kernel."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..maps.label_values import label_value

_CHECK_KERNEL = "check the instrument kernel"


@dataclass(frozen=True)
class Instrument:
    """Optics and detector of a line scanner, in the terms of its SPICE instrument kernel.

    Attributes
    ----------
    naif_id : int
        E.g. -85600.
    focal_length_mm, pixel_pitch_mm : float
    boresight_sample, boresight_line : float
        Detector pixel (1-based, as in the kernel) that looks along the boresight.
    to_focal_x, to_focal_y : tuple of float
        TRANSX, TRANSY, from detector pixels off the boresight to mm: constant, factor of sample, factor of line.
    distortion : float
        OD_K in 1/mm2. The undistorted y is y / (1 + OD_K y^2); x is not distorted.
    """

    naif_id: int
    focal_length_mm: float
    pixel_pitch_mm: float
    boresight_sample: float
    boresight_line: float
    to_focal_x: tuple[float, float, float]
    to_focal_y: tuple[float, float, float]
    distortion: float

    def __post_init__(self):
        numbers = (self.boresight_sample, self.boresight_line, *self.to_focal_x, *self.to_focal_y, self.distortion)
        if not np.isfinite([self.focal_length_mm, self.pixel_pitch_mm, *numbers]).all():
            raise InputError(f"instrument {self.naif_id}", "has values that are not finite", _CHECK_KERNEL)
        if abs(np.linalg.det(self._matrix)) < 1e-12 or self.focal_length_mm <= 0 or self.pixel_pitch_mm <= 0:
            raise InputError(
                f"instrument {self.naif_id}",
                "focal length or pixel pitch is not above 0, or TRANSX and TRANSY have no inverse",
                _CHECK_KERNEL,
            )

    @property
    def _matrix(self):
        return np.array([self.to_focal_x[1:], self.to_focal_y[1:]], float)

    def look(self, detector_sample: float | np.ndarray) -> np.ndarray:
        """Return the directions (..., 3) of detector samples in the camera's frame, in mm of the focal plane."""
        centred = np.stack(
            np.broadcast_arrays(np.asarray(detector_sample, float) - self.boresight_sample, -self.boresight_line),
            axis=-1,
        )
        x, y = np.moveaxis(centred @ self._matrix.T + np.array([self.to_focal_x[0], self.to_focal_y[0]]), -1, 0)
        y = y / (1.0 + self.distortion * y * y)
        return np.stack([x, y, np.full_like(x, self.focal_length_mm)], axis=-1)

    @cached_property
    def from_focal(self) -> np.ndarray:
        """Inverse of TRANSX and TRANSY, from mm to detector pixels off the boresight.

        (2, 3): for sample and line, the constant in pixels, and the factors of x and y in pixels a mm.

        ITRANSS and ITRANSL of the kernel are not used, because they are rounded to six digits. That makes an error of
        0.002 pixels at the end of the detector.
        """
        inverse = np.linalg.inv(self._matrix)
        return np.column_stack([-inverse @ [self.to_focal_x[0], self.to_focal_y[0]], inverse])

    @cached_property
    def solver_constants(self) -> np.ndarray:
        """Constants for `line_scan_numba`: focal length, distortion, boresight sample and line, `from_focal`."""
        parts = [self.focal_length_mm, self.distortion, self.boresight_sample, self.boresight_line]
        return np.concatenate([parts, self.from_focal.reshape(-1)])

    @property
    def keywords(self) -> dict[str, float | list[float]]:
        """Keywords of the instrument in its kernels, as `instrument_of` reads them."""
        inverse = self.from_focal
        values = {
            "FOCAL_LENGTH": self.focal_length_mm,
            "PIXEL_PITCH": self.pixel_pitch_mm,
            "BORESIGHT_SAMPLE": self.boresight_sample,
            "BORESIGHT_LINE": self.boresight_line,
            "TRANSX": list(self.to_focal_x),
            "TRANSY": list(self.to_focal_y),
            "ITRANSS": inverse[0].tolist(),
            "ITRANSL": inverse[1].tolist(),
            "OD_K": self.distortion,
        }
        return {f"INS{self.naif_id}_{keyword}": value for keyword, value in values.items()}


def instrument_of(naif_id: int, keywords: Mapping[str, Any], where: str | Path) -> Instrument:
    """Return the instrument of kernel keywords. An ISIS cube (NaifKeywords) or an ISD has these keywords.

    Parameters
    ----------
    naif_id : int
        NAIF code of the instrument, such as -85600.
    keywords : mapping
    where : str or path
        File of the keywords, for the error.

    Raises
    ------
    InputError
        If a keyword is missing.
    """

    def value(keyword):
        found = label_value(keywords, f"INS{naif_id}_{keyword}", where)
        return found[0] if isinstance(found, list) and len(found) == 1 else found

    return Instrument(
        naif_id,
        float(value("FOCAL_LENGTH")),
        float(value("PIXEL_PITCH")),
        float(value("BORESIGHT_SAMPLE")),
        float(value("BORESIGHT_LINE")),
        tuple(float(term) for term in value("TRANSX")),
        tuple(float(term) for term in value("TRANSY")),
        float(value("OD_K")),
    )
