"""Camera of a line-scanned image, such as a NAC image: where its pixels lie on the body, and how they are lit.

A line scanner has a position and an orientation for each line. Both are computed once for every line, in the
body-fixed frame, and kept in a table. All methods read this table. Times, pixel pitch, distortion and conventions of
angles and azimuths are those of ISIS (`LroNarrowAngleCamera`, `LineScanCameraDetectorMap`, `Camera::ComputeAzimuth`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import InputError
from ..maps import bodies
from ..maps.geometry import azimuth_deg, lonlat_of, point_of, separation_deg, sphere_intersection
from .ephemeris import Orientation, States
from .instrument import Instrument
from .line_scan_numba import ground_to_detector, resample, solve_image_lines
from .times import utc_of

if TYPE_CHECKING:
    from .projection_plan import MapBlock
    from .shape_model import ShapeModel

ASTRONOMICAL_UNIT_KM = 149597870.691
SEEN_TOLERANCE_PX = 1e-3
_LINE_TOLERANCE_PX = 1e-6


@dataclass(frozen=True, eq=False)
class LineScanCamera:
    """Camera of one line-scanned image.

    Pixel coordinates are those of ISIS: 1-based, whole numbers at pixel centres. Longitudes are east-positive; those
    returned are 0..360, those given may have any range. Latitudes are planetocentric. Both are in degrees. Heights are
    metres above the body's sphere, or a `shape_model.ShapeModel`. Arrays broadcast against each other.

    Attributes
    ----------
    product_id : str
        E.g. ``M143947267LE``.
    lines, samples : int
        Size of the image; if it was cropped, of the part.
    start_et_s : float
        Ephemeris time (TDB seconds past J2000) at the upper edge of the first line.
    line_duration_s : float
        Time between two lines.
    position, sun : States
        Positions of the spacecraft and of the Sun, relative to the body's centre.
    pointing, body_rotation : Orientation
        Rotations from J2000 to the camera's frame and to the body-fixed frame.
    instrument : Instrument
        Optics and detector.
    summing : float
        Number of detector samples in one image sample: 1 or 2; more if the image was reduced.
    first_sample : float
        Number of detector samples left of the image's left edge. It is above 0 if the image was cropped.
    body_name : str
        Body that was imaged.
    """

    product_id: str
    lines: int
    samples: int
    start_et_s: float
    line_duration_s: float
    position: States
    pointing: Orientation
    body_rotation: Orientation
    sun: States
    instrument: Instrument
    summing: float = 1.0
    first_sample: float = 0.0
    body_name: str = "moon"

    def __post_init__(self):
        if not (self.lines > 0 and self.samples > 0 and self.line_duration_s > 0):
            raise InputError(
                self.product_id,
                f"{self.lines} lines, {self.samples} samples, {self.line_duration_s} s a line",
                "each must be above zero",
            )
        if not np.isfinite([self.start_et_s, self.line_duration_s, self.summing, self.first_sample]).all():
            raise InputError(self.product_id, "its time, summing or first sample is not finite", "check its camera")
        self._check_times()
        # One row for each line from 0 to lines + 1, so that the outer half pixels are inside the table.
        times_s = self.time_at(np.arange(self.lines + 2))
        body = self.body_rotation.at(times_s)
        table = np.empty((len(times_s), 12))
        table[:, :3] = np.einsum("nij,nj->ni", body, self.position.at(times_s))
        table[:, 3:] = np.einsum("nij,nkj->nik", self.pointing.at(times_s), body).reshape(-1, 9)
        sun = np.einsum("nij,nj->ni", body, self.sun.at(times_s))
        for name, value in (("_table", table), ("_sun", sun)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_fit", self._fit_line())

    @property
    def body(self) -> bodies.Body:
        """The body that was imaged."""
        return bodies.body(self.body_name)

    @property
    def start_time(self) -> str:
        """UTC of the upper edge of the first line, ISO 8601."""
        return utc_of(float(self.time_at(0.5)))

    @property
    def sun_distance_au(self) -> float:
        """Distance from the body's centre to the Sun at the first line, as lronaccal uses it."""
        return float(np.linalg.norm(self.sun.at(self.start_et_s)) / ASTRONOMICAL_UNIT_KM)

    def time_at(self, line: float | np.ndarray) -> float | np.ndarray:
        """Return the ephemeris time in seconds at image lines."""
        return self.start_et_s + (np.asarray(line, float) - 0.5) * self.line_duration_s

    def image_to_ground(
        self, line: float | np.ndarray, sample: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the places that pixels show.

        Returns
        -------
        tuple of ndarray
            Longitude (0..360) and latitude in degrees; NaN where the line of sight misses the body.
        """
        return lonlat_of(self._intersect(line, sample, height_m)[0])

    def ground_to_image(
        self, lon_deg: float | np.ndarray, lat_deg: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the pixels that show places.

        Returns
        -------
        tuple of ndarray
            Line and sample; NaN where the image does not show the place.
        """
        line, sample = self.locate(lon_deg, lat_deg, height_m)
        edge = 0.5 - SEEN_TOLERANCE_PX
        seen = (line > edge) & (line < self.lines + 1 - edge) & (sample > edge) & (sample < self.samples + 1 - edge)
        return np.where(seen, line, np.nan), np.where(seen, sample, np.nan)

    def locate(
        self, lon_deg: float | np.ndarray, lat_deg: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return line and sample of places. The image is continued beyond its edges; NaN where that is not possible."""
        if hasattr(height_m, "height_m"):
            height_m = height_m.height_m(lon_deg, lat_deg)
        return self._project(point_of(lon_deg, lat_deg, self._radius_km + np.asarray(height_m, float) / 1000.0))

    def locate_point(self, point: np.ndarray) -> np.ndarray:
        """Return line and sample (..., 2) of body-fixed points (..., 3) in km; beyond the edges as `locate`."""
        return np.stack(self._project(point), axis=-1)

    def angles(
        self, line: float | np.ndarray, sample: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the photometric angles on the sphere, without the slopes of the relief.

        Returns
        -------
        tuple of ndarray
            Incidence, emission and phase angle in degrees.
        """
        point, spacecraft, sun = self._intersect(line, sample, height_m)
        to_spacecraft, to_sun = spacecraft - point, sun - point
        return tuple(
            separation_deg(*pair) for pair in ((point, to_sun), (point, to_spacecraft), (to_spacecraft, to_sun))
        )

    def sun_azimuth_deg(
        self, line: float | np.ndarray, sample: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> np.ndarray:
        """Return the direction towards the subsolar point in the image, in degrees clockwise from increasing sample.

        This is campt's SubSolarAzimuth, without an error of ISIS of up to 0.1 degrees in the middle of the detector
        and 0.3 at its ends. ISIS finds a line only to 0.01 pixels, and a sample only with the rounded ITRANSS.
        """
        point, _, sun = self._intersect(line, sample, height_m)
        return self._image_azimuth(line, sample, point, sun)

    def north_azimuth_deg(
        self, line: float | np.ndarray, sample: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> np.ndarray:
        """Return the direction of north in the image, in degrees clockwise from increasing sample.

        This is campt's NorthAzimuth. In the south it is opposite to the direction of the south pole. The accuracy is
        that of `sun_azimuth_deg`.
        """
        point = self._intersect(line, sample, height_m)[0]
        south = point[..., 2:] < 0
        azimuth = self._image_azimuth(line, sample, point, np.where(south, [0.0, 0.0, -1.0], [0.0, 0.0, 1.0]))
        return np.where(south[..., 0], azimuth + 180.0, azimuth) % 360.0

    def sun_ground_azimuth_deg(
        self, line: float | np.ndarray, sample: float | np.ndarray, height_m: "float | ShapeModel" = 0.0
    ) -> np.ndarray:
        """Return the direction towards the Sun on the ground, clockwise from north (campt's SubSolarGroundAzimuth)."""
        point, _, sun = self._intersect(line, sample, height_m)
        return azimuth_deg(*lonlat_of(point), *lonlat_of(sun))

    def ground_resolution_m(
        self,
        line: float | np.ndarray,
        sample: float | np.ndarray,
        height_m: "float | ShapeModel" = 0.0,
        oblique: bool = False,
    ) -> np.ndarray:
        """Return the width of pixels on the ground, across the line of sight (campt's SampleResolution).

        Parameters
        ----------
        oblique : bool
            Whether to divide it by the cosine of the emission angle (campt's ObliqueSampleResolution).
        """
        point, spacecraft, _ = self._intersect(line, sample, height_m)
        distance_m = 1000.0 * np.linalg.norm(spacecraft - point, axis=-1)
        width_m = distance_m * self.instrument.pixel_pitch_mm / self.instrument.focal_length_mm * self.summing
        if oblique:
            width_m = width_m / np.cos(np.radians(separation_deg(point, spacecraft - point)))
        return width_m

    def resample(
        self, lines: np.ndarray, first_line: int, block: "MapBlock", factors: np.ndarray, method: int, out: np.ndarray
    ) -> None:
        """Fill a block of a map with the image's pixels.

        Parameters
        ----------
        lines : ndarray
            (n, samples) float32, image lines from `first_line` (zero-based) on; NaN where invalid.
        block : projection_plan.MapBlock
        factors : ndarray
            Distance of the surface from the body's centre, divided by the sphere's radius.
        method : int
            One of `line_scan_numba.METHODS`.
        out : ndarray
            (rows, columns) float32: the pixels of the block, which are written here.
        """
        size, where = (self.lines, self.samples), (block.points, block.positions, block.step, factors, block.slack_px)
        resample(lines, first_line, size, *where, self._solver_model, method, out)

    def _check_times(self):
        first_s, last_s = self.time_at(0.5), self.time_at(self.lines + 0.5)
        slack_s = 2.0 * self.line_duration_s
        for name, table in (
            ("positions", self.position),
            ("pointing", self.pointing),
            ("body rotation", self.body_rotation),
        ):
            if table.times_s[0] > first_s + slack_s or table.times_s[-1] < last_s - slack_s:
                raise InputError(
                    self.product_id,
                    f"its {name} cover {table.times_s[0]:.3f} to {table.times_s[-1]:.3f} s, the image {first_s:.3f} to "
                    f"{last_s:.3f} s past J2000",
                    "run spiceinit again, or give kernels of the image's time",
                )

    def _rows(self, table, line):
        """Return the rows (..., columns) of a table at lines. Beyond its ends, the table is continued linearly."""
        line = np.asarray(line, float)
        index = np.clip(np.floor(line).astype(int), 0, len(table) - 2)
        return table[index] + (line - index)[..., None] * (table[index + 1] - table[index])

    def _intersect(self, line, sample, height_m):
        """Return ground point, spacecraft and Sun of pixels: body-fixed (..., 3) in km."""
        rows = self._rows(self._table, line)
        spacecraft, sun = rows[..., :3], self._rows(self._sun, line)
        look_camera = self.instrument.look(self._detector_sample(sample))
        look = np.einsum("...kj,...k->...j", rows[..., 3:].reshape(*rows.shape[:-1], 3, 3), look_camera)
        look /= np.linalg.norm(look, axis=-1, keepdims=True)
        if hasattr(height_m, "height_m"):
            point = height_m.intersect(spacecraft, look, self._radius_km)
        else:
            point = sphere_intersection(spacecraft, look, self._radius_km + np.asarray(height_m, float) / 1000.0)
        return np.broadcast_arrays(point, spacecraft, sun)

    @property
    def _radius_km(self):
        return self.body.radius_m / 1000.0

    def _detector_sample(self, sample):
        return (np.asarray(sample, float) - 0.5) * self.summing + self.first_sample + 0.5

    @property
    def _solver_model(self):
        """Line table and fit, instrument constants, first sample and summing, for `line_scan_numba.resample`."""
        return self._table, self._fit, self.instrument.solver_constants, float(self.first_sample), float(self.summing)

    def _project(self, point):
        """Return line and sample of body-fixed points (..., 3) in km."""
        flat = np.ascontiguousarray(point.reshape(-1, 3))
        line, sample = solve_image_lines(
            self._table, flat, self._fit, _LINE_TOLERANCE_PX, self.instrument.solver_constants
        )
        sample = (sample - self.first_sample - 0.5) / self.summing + 0.5
        return line.reshape(point.shape[:-1]), sample.reshape(point.shape[:-1])

    def _fit_line(self):
        """Return `fit` of `line_scan_numba.solve_image_lines`: the first guess of a point's line, and the slope."""
        line, sample, height_m = np.meshgrid(
            np.linspace(0.5, self.lines + 0.5, 9), np.linspace(0.5, self.samples + 0.5, 3), (-9e3, 0.0, 11e3)
        )
        points = self._intersect(line, sample, height_m)[0].reshape(-1, 3)
        found = np.isfinite(points).all(axis=1)
        if found.sum() < 4:
            raise InputError(self.product_id, "its lines of sight miss the body", "check the pointing and the position")
        points, line = points[found], line.reshape(-1)[found]
        fit = np.linalg.lstsq(np.column_stack([points, np.ones(len(points))]), line, rcond=None)[0]
        middle = len(points) // 2
        constants = self.instrument.solver_constants
        slope = ground_to_detector(self._table, line[middle] + 1.0, *points[middle], constants)[1]
        return np.array([*fit, slope])

    def _image_azimuth(self, line, sample, point, towards):
        """Return the image direction of a step of half a pixel from ground points towards others, as ISIS does."""
        radius = np.linalg.norm(point, axis=-1, keepdims=True)
        up = point / radius
        target = towards / np.linalg.norm(towards, axis=-1, keepdims=True) * radius - point
        tangent = target - np.sum(target * up, axis=-1, keepdims=True) * up
        tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
        half_pixel_km = 0.5e-3 * self.ground_resolution_m(line, sample)[..., None]
        stepped = point + half_pixel_km * tangent
        stepped *= radius / np.linalg.norm(stepped, axis=-1, keepdims=True)
        stepped_line, stepped_sample = self._project(stepped)
        return np.degrees(np.arctan2(stepped_line - line, stepped_sample - sample)) % 360.0
