"""The interface between the projection and a camera of any kind.

`line_scan.LineScanCamera` is the only camera now. A frame camera would be another class with these members.
"""

from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..maps.bodies import Body

if TYPE_CHECKING:
    from .projection_plan import MapBlock
    from .shape_model import ShapeModel


class CameraModel(Protocol):
    """Camera of one image.

    Pixel coordinates are 1-based, whole numbers at pixel centres. Longitudes are east-positive, latitudes
    planetocentric, both in degrees. Heights are metres above the body's sphere, or a `shape_model.ShapeModel`.
    Arrays broadcast against each other.

    Attributes
    ----------
    product_id : str
    lines, samples : int
        Size of the image.
    """

    product_id: str
    lines: int
    samples: int

    @property
    def body(self) -> Body:
        """Body that was imaged."""

    @property
    def start_time(self) -> str:
        """UTC of the start of the exposure, ISO 8601."""

    def image_to_ground(
        self, line: float | np.ndarray, sample: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return longitude (0..360) and latitude that pixels show; NaN where the line of sight misses the body."""

    def locate(
        self, lon_deg: float | np.ndarray, lat_deg: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return line and sample of places. The image is continued beyond its edges."""

    def locate_point(self, point: np.ndarray) -> np.ndarray:
        """Return line and sample (..., 2) of body-fixed points (..., 3) in km; beyond the edges as `locate`."""

    def angles(
        self, line: float | np.ndarray, sample: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return incidence, emission and phase angle in degrees at pixels, on the sphere."""

    def sun_ground_azimuth_deg(
        self, line: float | np.ndarray, sample: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> np.ndarray:
        """Return the direction towards the Sun on the ground at pixels, in degrees clockwise from north."""

    def ground_resolution_m(
        self, line: float | np.ndarray, sample: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> np.ndarray:
        """Return the width of pixels on the ground, across the line of sight."""

    def resample(
        self, lines: np.ndarray, first_line: int, block: "MapBlock", factors: np.ndarray, method: int, out: np.ndarray
    ) -> None:
        """Fill a block of a map with the image's pixels; see `line_scan.LineScanCamera.resample`."""
