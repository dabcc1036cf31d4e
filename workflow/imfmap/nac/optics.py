"""Optics, detectors and line times of the two Narrow Angle Cameras."""

from ..camera.instrument import Instrument
from .label import FULL_SAMPLES, NAIF_IDS

# From the kernel lro_lroc_v18.ti.
NAC = {
    "left": Instrument(NAIF_IDS["left"], 699.62, 0.007, 2548.0, 0.0, (0.0, 0.0, 0.007), (0.0, 0.007, 0.0), 1.81e-5),
    "right": Instrument(NAIF_IDS["right"], 701.57, 0.007, 2496.0, 0.0, (0.0, 0.0, -0.007), (0.0, -0.007, 0.0), 1.83e-5),
}
# From ISIS's kernel lro_instrumentAddendum_v04.ti.
ADDITIONAL_PREROLL_LINES = 1024.0
MULTIPLICATIVE_LINE_ERROR = 0.0045


def line_duration_s(exposure_ms: float) -> float:
    """Return the time from line to line, in seconds, for a line exposure in ms."""
    return exposure_ms / 1000.0 * (1.0 + MULTIPLICATIVE_LINE_ERROR)


def samples_of(summing: int) -> int:
    """Return the number of samples of a full-width image."""
    return FULL_SAMPLES // summing
