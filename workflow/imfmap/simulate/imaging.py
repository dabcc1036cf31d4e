"""Images of a simulated scene: through the camera to an EDR, or directly on the map."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..camera.line_scan import LineScanCamera
from ..core.errors import InputError
from ..maps.grids import MapGrid
from ..maps.rasters import open_raster
from ..nac.edr import write_edr
from ..nac.isd import write_isd
from ..nac.label import NacLabel
from ..nac.optics import NAC, line_duration_s
from .light import ZENITH, reflectance, shade
from .orbit import build_camera, exposure, ground_speed_m_s, label_fields, true_camera
from .sampling import NODE_PX, convolved, sample_along_sight_lines
from .sensor import COMPANDING, RESPONSIVITY, calibrated_noise, expose
from .settings import ImageSettings
from .skyline import SKYLINE_TAG, Skyline

if TYPE_CHECKING:
    from .direct_imaging import TerrainPart
    from .terrain import Terrain

SCENE_BOUNDS_TAG = "IMF_SCENE_BOUNDS"
# Blur of the optics in native pixels (sigma). Together with the pixel's width, the modulation at Nyquist is some 0.23.
_OPTICS_PX = 0.46
_LIFT_M = 100.0
_PROBE_M = 50.0
# Pixels beyond a map window that the interpolation reads.
_RING_PX = 3


@dataclass(frozen=True, eq=False)
class ViewingGeometry:
    """Viewing geometry: place, size and view direction of a camera's pixels on the ground of a map window.

    Attributes
    ----------
    sample_m, line_m : float
        Width of a pixel across the track and of a line along it.
    native_m : float
        Width along the track of what a line sees at one moment, that is of one unsummed pixel.
    summing : int
    exposure_ms : float
        Line exposure.
    track_deg : float
        Direction of the track on the map, clockwise from up.
    origin : tuple of float
        Map x, y of the centre of a pixel.
    view : ndarray
        (3, 3) direction towards the camera over the window, in the form of parameter `view` of `light.reflectance`.
    """

    sample_m: float
    line_m: float
    native_m: float
    summing: int
    exposure_ms: float
    track_deg: float
    origin: tuple
    view: np.ndarray

    @classmethod
    def nadir(cls, pixel_m: float = 1.0, summing: int = 2) -> Self:
        """Return the geometry of a camera that looks straight down from the orbit where pixels are `pixel_m` wide."""
        native_m = pixel_m / summing
        optics = NAC["left"]
        altitude_km = native_m / 1000.0 * optics.focal_length_mm / optics.pixel_pitch_mm
        image = ImageSettings("M1400000000LE", 0.0, 0.0, summing=summing, altitude_km=altitude_km)
        exposure_ms, _ = exposure(image)
        line_m = ground_speed_m_s(altitude_km) * line_duration_s(exposure_ms)
        return cls(pixel_m, line_m, native_m, summing, exposure_ms, 0.0, (0.0, 0.0), ZENITH)

    @classmethod
    def of(cls, camera: LineScanCamera, grid: MapGrid) -> Self:
        """Return the geometry of a camera over a window of a map."""
        rows, columns = (np.linspace(0.0, size - 1.0, 5) for size in grid.shape)
        line, sample = camera.locate(*grid.lonlat(rows[:, None], columns[None, :]))
        rowcol = [_places(camera, grid, line, sample, height_m) for height_m in (0.0, _LIFT_M)]
        shift = (rowcol[1] - rowcol[0]) * grid.resolution_m
        towards = np.stack([shift[..., 1], -shift[..., 0], np.full(line.shape, _LIFT_M)], axis=-1)
        towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
        design = np.stack(np.broadcast_arrays(1.0, rows[:, None], columns[None, :]), axis=-1).reshape(-1, 3)
        view = np.linalg.lstsq(design, towards.reshape(-1, 3), rcond=None)[0]

        middle = line[2, 2], sample[2, 2]
        across, along = (
            (_places(camera, grid, middle[0] + d_line, middle[1] + d_sample, 0.0) - rowcol[0][2, 2]) * grid.resolution_m
            for d_line, d_sample in ((0.0, 1.0), (1.0, 0.0))
        )
        summing = int(camera.summing)
        # The origin is the same pixel for all windows, so that windows join.
        row, column = _places(camera, grid, (camera.lines + 1) // 2, (camera.samples + 1) // 2, 0.0)
        return cls(
            sample_m=float(np.hypot(*across)),
            line_m=float(np.hypot(*along)),
            native_m=float(camera.ground_resolution_m(*middle)) / summing,
            summing=summing,
            exposure_ms=camera.line_duration_s / line_duration_s(1.0),
            track_deg=float(np.degrees(np.arctan2(along[1], -along[0]))),
            origin=tuple(float(value) for value in grid.xy(row, column)),
            view=view,
        )

    @property
    def counts_per_iof(self) -> float:
        """Counts for an I/F of 1 at 1 AU."""
        return self.exposure_ms * RESPONSIVITY["IOF_LEFT"]

    def lift(self, row: np.ndarray, column: np.ndarray) -> np.ndarray:
        """Return the shift (..., 2) of the place that pixels see, in map metres right and down per metre of height."""
        view = self.view[0] + np.asarray(row)[..., None] * self.view[1] + np.asarray(column)[..., None] * self.view[2]
        return np.stack([view[..., 0], -view[..., 1]], axis=-1) / view[..., 2:]

    def blurred(self, iof: np.ndarray, resolution_m: float) -> np.ndarray:
        """Return I/F after the blur of optics, pixels and motion: a Gaussian with their variances."""
        across = self.native_m**2 * _OPTICS_PX**2 + self.sample_m**2 / 12.0
        along = self.native_m**2 * (_OPTICS_PX**2 + 1.0 / 12.0) + self.line_m**2 / 12.0
        turned = np.radians(self.track_deg)
        sigmas = (
            np.sqrt(along * np.cos(turned) ** 2 + across * np.sin(turned) ** 2),
            np.sqrt(along * np.sin(turned) ** 2 + across * np.cos(turned) ** 2),
        )
        for axis, sigma_m in enumerate(sigmas):
            iof = gaussian_filter1d(iof, sigma_m / resolution_m, axis=axis, truncate=3.5, mode="nearest")
        return iof


def image_scene(
    terrain_path: str | Path,
    image: ImageSettings | dict[str, Any],
    calibration_dir: str | Path,
    edr_path: str | Path,
    isd_path: str | Path,
    seed: int,
) -> LineScanCamera:
    """Write the EDR and the ISD of an image of a scene.

    Every pixel sees the relief, not the sphere, so that parallax is real, and every facet reflects towards the camera.
    Ground that relief hides from a rolled camera is not modelled. Beyond the terrain's edges the ground is its mirror
    image.

    Parameters
    ----------
    terrain_path : path
        Terrain file, as `make_scene` writes it.
    image : ImageSettings or dict
    calibration_dir : path
        Calibration set, as `write_calibration_set` writes it.
    edr_path, isd_path : path
        Files to write.
    seed : int
        Seed of noise, electronics and attitude.

    Returns
    -------
    LineScanCamera
        The camera that the ISD records.

    Raises
    ------
    InputError
        If the file is not a terrain, a calibration file is missing, or a setting is out of range.
    """
    height_m, albedo, grid, bounds, skyline = read_terrain(terrain_path)
    image = image if isinstance(image, ImageSettings) else ImageSettings.from_mapping(image)
    camera = scene_camera(image, grid, bounds, seed)
    pointed = true_camera(camera, image, seed)
    viewing = ViewingGeometry.of(pointed, grid)
    sun = map_azimuth(grid, *_middle(grid, bounds), image.sun_azimuth_deg), image.incidence_deg
    skyline_lit = None if skyline is None else skyline.lit(grid, height_m, *sun)
    iof = reflectance(height_m, albedo, grid.resolution_m, *sun, viewing.view, skyline_lit)
    seen = _scan(pointed, viewing.blurred(iof, grid.resolution_m), height_m, grid)

    fields = label_fields(image, camera) | {f"LRO:{name.upper()}": terms for name, terms in COMPANDING.items()}
    # Images of one scene share its seed, not their noise.
    rng = np.random.default_rng([seed, int(camera.product_id[1:-2])])
    codes = expose(seen, _label(image, camera, fields), calibration_dir, rng)
    write_isd(camera, isd_path)
    write_edr(edr_path, codes, fields)
    return camera


def scene_camera(
    image: ImageSettings, grid: MapGrid, bounds: tuple[float, float, float, float], seed: int = 0
) -> LineScanCamera:
    """Return the camera of an image that covers a scene along the track; see `orbit.build_camera`.

    Parameters
    ----------
    image : ImageSettings
    grid : MapGrid
        Grid of the terrain.
    bounds : tuple of float
        Bounds of the scene in map metres: left, bottom, right, top. The rest of `grid` is margin.
    seed : int
        Seed of the scene.

    Returns
    -------
    LineScanCamera
    """
    lon_deg, lat_deg = _middle(grid, bounds)
    width_m, depth_m = bounds[2] - bounds[0], bounds[3] - bounds[1]
    margin_m = bounds[0] - grid.bounds[0]

    # A short image shows the direction of the track on the map.
    track = np.radians(ViewingGeometry.of(build_camera(image, lon_deg, lat_deg, margin_m + 1.0, seed), grid).track_deg)
    length_m = abs(depth_m * np.cos(track)) + abs(width_m * np.sin(track)) + margin_m
    return build_camera(image, lon_deg, lat_deg, length_m, seed)


def observe(
    terrain: "Terrain | TerrainPart",
    grid: MapGrid,
    sun_azimuth_deg: float,
    incidence_deg: float,
    rng: np.random.Generator | None,
    viewing: ViewingGeometry | None = None,
) -> np.ndarray:
    """Return the image of a terrain on the map, made without orbit and files.

    It is the image of the sensor path, within the noise. The detector's pixels are a lattice along the map's axes. The
    lattice is the same for all windows of a map, so that these join. Noise is added to its pixels. Cubic convolution
    brings them to the map, as the projection of an EDR does (``resampling: cubic``). The angle between track and map
    axes enters only the blur.

    Parameters
    ----------
    terrain : Terrain or TerrainPart
    grid : MapGrid
        Grid of the image, inside the terrain's grid.
    sun_azimuth_deg : float
        Direction towards the Sun on the map, clockwise from up.
    incidence_deg : float
        Incidence angle on level ground.
    rng : numpy.random.Generator or None
        Without it, the image has no noise and no rounding.
    viewing : ViewingGeometry, optional
        Geometry of the camera's pixels on `grid`. By default a summed image of 1 m/px from straight above.

    Returns
    -------
    ndarray
        I/F, float32 on `grid`.
    """
    viewing = viewing or ViewingGeometry.nadir()
    # The view of `viewing` starts at the first pixel of the window. `shade` needs it from that of the terrain.
    row, column = grid.rowcol(*terrain.grid.xy(0, 0))
    ratio = terrain.grid.resolution_m / grid.resolution_m
    view = np.stack([viewing.view[0] + row * viewing.view[1] + column * viewing.view[2], *(ratio * viewing.view[1:])])
    iof = viewing.blurred(shade(terrain, sun_azimuth_deg, incidence_deg, view), terrain.grid.resolution_m)

    (x0, y0), (dx, dy) = viewing.origin, (viewing.sample_m, viewing.line_m)
    left, bottom, right, top = grid.bounds
    first_column, last_column = np.floor((left - x0) / dx) - _RING_PX, np.ceil((right - x0) / dx) + _RING_PX
    first_row, last_row = np.floor((y0 - top) / dy) - _RING_PX, np.ceil((y0 - bottom) / dy) + _RING_PX
    lines, samples = int(last_row - first_row), int(last_column - first_column)
    node_x = x0 + (first_column + np.arange(0, samples + NODE_PX, NODE_PX)) * dx
    node_y = y0 - (first_row + np.arange(0, lines + NODE_PX, NODE_PX)) * dy
    base = np.stack(np.broadcast_arrays(*terrain.grid.rowcol(node_x, node_y[:, None])), axis=-1)
    lift = (
        viewing.lift(*np.broadcast_arrays(*grid.rowcol(node_x, node_y[:, None])))[..., ::-1] / terrain.grid.resolution_m
    )
    seen = sample_along_sight_lines(base, np.ascontiguousarray(lift), iof, terrain.height_m, lines, samples)
    if rng is not None:
        seen += calibrated_noise(seen, viewing.counts_per_iof, viewing.summing, rng)
    y, x = grid.xy(np.arange(grid.shape[0]), 0)[1], grid.xy(0, np.arange(grid.shape[1]))[0]
    return convolved(convolved(seen, (y0 - y) / dy - first_row, 0), (x - x0) / dx - first_column, 1)


def read_terrain(
    path: str | Path,
) -> tuple[np.ndarray, np.ndarray, MapGrid, tuple[float, float, float, float], Skyline | None]:
    """Return heights, albedo, grid, bounds of the scene (without margin) and skyline (or None) of a terrain file.

    Raises
    ------
    InputError
        If the file is missing or is not a terrain.
    """
    with open_raster(path) as dataset:
        tags = dataset.tags()
        if dataset.count != 2 or SCENE_BOUNDS_TAG not in tags:
            raise InputError(path, "is not a simulated terrain", "make the scene again")
        bounds = tuple(float(edge) for edge in tags[SCENE_BOUNDS_TAG].split())
        skyline = Skyline.from_tag(tags.get(SKYLINE_TAG))
        return dataset.read(1), dataset.read(2), MapGrid.of(dataset), bounds, skyline


def map_azimuth(grid: MapGrid, lon_deg: float, lat_deg: float, azimuth_deg: float) -> float:
    """Return the direction on the map, in degrees clockwise from up, of a ground azimuth at a place.

    The ground azimuth is in degrees clockwise from north.
    """
    step = np.degrees(_PROBE_M / grid.body.radius_m)
    azimuth = np.radians(azimuth_deg)
    east = step * np.sin(azimuth) / np.cos(np.radians(lat_deg))
    row, column = grid.rowcol_of_lonlat(
        [lon_deg - east, lon_deg + east], [lat_deg - step * np.cos(azimuth), lat_deg + step * np.cos(azimuth)]
    )
    return float(np.degrees(np.arctan2(column[1] - column[0], row[0] - row[1])) % 360.0)


def _label(image, camera, fields):
    exposure_ms, code = exposure(image)
    return NacLabel(
        product_id=camera.product_id,
        camera=image.camera,
        lines=camera.lines,
        samples=camera.samples,
        summing=image.summing,
        exposure_ms=exposure_ms,
        exposure_code=code,
        start_time=fields["START_TIME"],
        stop_time=fields["STOP_TIME"],
        start_clock=fields["SPACECRAFT_CLOCK_START_COUNT"],
        preroll_clock=fields["LRO:SPACECRAFT_CLOCK_PREROLL_COUNT"],
        version=1.8,
        **COMPANDING,
    )


def _middle(grid, bounds):
    """Return longitude and latitude in degrees of the centre of map bounds."""
    row, column = grid.rowcol((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    return tuple(float(angle) for angle in grid.lonlat(row, column))


def _places(camera, grid, line, sample, height_m):
    """Return row and column (..., 2) on a map of the places that pixels see at a height."""
    return np.stack(grid.rowcol_of_lonlat(*camera.image_to_ground(line, sample, height_m)), axis=-1)


def _scan(camera, iof, height_m, grid):
    """Return the I/F that each pixel of an image sees, float32 (lines, samples)."""
    lines = np.arange(0, camera.lines + NODE_PX, NODE_PX) + 1.0
    samples = np.arange(0, camera.samples + NODE_PX, NODE_PX) + 1.0
    base, lifted = (_places(camera, grid, lines[:, None], samples, lift_m) for lift_m in (0.0, _LIFT_M))
    lift = (lifted - base) / _LIFT_M
    return sample_along_sight_lines(
        np.ascontiguousarray(base), np.ascontiguousarray(lift), iof, height_m, camera.lines, camera.samples
    )
