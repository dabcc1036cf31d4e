"""Images of a simulated scene: through the camera to an EDR, or straight on to the map."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

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

SCENE_BOUNDS_TAG = "IMF_SCENE_BOUNDS"
# Blur of the optics alone in native pixels: with the pixel's own width it makes a modulation of some 0.23 at Nyquist.
_OPTICS_PX = 0.46
_LIFT_M = 100.0
_PROBE_M = 50.0
# Pixels beyond a map window that its interpolation looks at.
_RING_PX = 3


@dataclass(frozen=True, eq=False)
class ViewingGeometry:
    """Viewing geometry: how the pixels of a camera lie on the ground of a map window.

    Attributes
    ----------
    sample_m, line_m : float
        Width of a pixel across the track and of a line along it.
    native_m : float
        Width along the track of what a line sees at one moment: one unsummed pixel.
    summing : int
    exposure_ms : float
        Line exposure.
    track_deg : float
        Direction of the track on the map, clockwise from up.
    origin : tuple of float
        Map x, y of the middle of a pixel.
    view : ndarray
        (3, 3) direction towards the camera over the window, as `light.reflectance` takes it.
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
    def nadir(cls, pixel_m=1.0, summing=2):
        """Straight down from the orbit where a pixel has this width."""
        native_m = pixel_m / summing
        optics = NAC["left"]
        altitude_km = native_m / 1000.0 * optics.focal_length_mm / optics.pixel_pitch_mm
        image = ImageSettings("M1400000000LE", 0.0, 0.0, summing=summing, altitude_km=altitude_km)
        exposure_ms, _ = exposure(image)
        line_m = ground_speed_m_s(altitude_km) * line_duration_s(exposure_ms)
        return cls(pixel_m, line_m, native_m, summing, exposure_ms, 0.0, (0.0, 0.0), ZENITH)

    @classmethod
    def of(cls, camera, grid):
        """Of a camera over a window of a map."""
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
        # The same pixel whatever the window, so that windows join.
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
    def counts_per_iof(self):
        """float: counts that an I/F of 1 makes at 1 AU."""
        return self.exposure_ms * RESPONSIVITY["IOF_LEFT"]

    def lift(self, row, column):
        """Map metres (..., 2) right and down that a metre of height moves what pixels of the window see."""
        view = self.view[0] + np.asarray(row)[..., None] * self.view[1] + np.asarray(column)[..., None] * self.view[2]
        return np.stack([view[..., 0], -view[..., 1]], axis=-1) / view[..., 2:]

    def blurred(self, iof, resolution_m):
        """I/F as optics, pixels and motion blur it: a Gaussian of the same variances across and along the track."""
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


def image_scene(terrain_path, image, calibration_dir, edr_path, isd_path, seed):
    """Take an image of a scene: EDR and camera.

    Every pixel looks at the relief, not at the sphere, so that parallax is real, and every facet reflects towards the
    camera; what hides behind relief from a rolled camera is not modelled. Beyond the terrain's edges the ground is its
    mirror image.

    Parameters
    ----------
    terrain_path : path
        As `make_scene` writes it.
    image : ImageSettings or mapping
    calibration_dir : path
        As `write_calibration_set` writes it.
    edr_path, isd_path : path
        Files to write.
    seed : int
        Of noise, electronics and attitude.

    Returns
    -------
    LineScanCamera
        As recorded in the ISD.

    Raises
    ------
    InputError
        For a terrain that is none, a missing calibration file, or settings out of range.
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


def scene_camera(image, grid, bounds, seed=0):
    """Camera of an image that covers a scene along its track, as `orbit.build_camera` makes it.

    Parameters
    ----------
    image : ImageSettings
    grid : MapGrid
        Of the terrain.
    bounds : tuple of float
        Of the scene proper in map metres: left, bottom, right, top; what `grid` has beyond it is margin.
    seed : int
        Of the scene.

    Returns
    -------
    LineScanCamera
    """
    lon_deg, lat_deg = _middle(grid, bounds)
    width_m, depth_m = bounds[2] - bounds[0], bounds[3] - bounds[1]
    margin_m = bounds[0] - grid.bounds[0]

    # How the track runs over the map, a short image tells.
    track = np.radians(ViewingGeometry.of(build_camera(image, lon_deg, lat_deg, margin_m + 1.0, seed), grid).track_deg)
    length_m = abs(depth_m * np.cos(track)) + abs(width_m * np.sin(track)) + margin_m
    return build_camera(image, lon_deg, lat_deg, length_m, seed)


def observe(terrain, grid, sun_azimuth_deg, incidence_deg, rng, viewing=None):
    """Image of a terrain on the map without orbit and files: what the sensor path makes of it, within its noise.

    The detector's pixels are a lattice along the map's axes, the same for all windows of a map, so that these join;
    noise is made there, and cubic convolution brings the lattice to the map as the projection of an EDR does
    (``resampling: cubic``). The track's turn against the map's axes is heeded in the blur alone.

    Parameters
    ----------
    terrain : Terrain
        Or anything with its `grid`, `height_m`, `albedo` and `skyline`.
    grid : MapGrid
        Inside the terrain's.
    sun_azimuth_deg : float
        Towards the Sun on the map, clockwise from up.
    incidence_deg : float
    rng : numpy.random.Generator or None
        None: without noise and rounding.
    viewing : ViewingGeometry, optional
        How the camera's pixels lie on `grid`; by default a summed image of 1 m/px from straight above.

    Returns
    -------
    ndarray
        I/F, float32 on `grid`.
    """
    viewing = viewing or ViewingGeometry.nadir()
    # The view is told from the window's first pixel on; light wants it from the terrain's.
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


def read_terrain(path):
    """Heights, albedo, grid, bounds of the scene proper and skyline (or None) out of a terrain file.

    Raises
    ------
    InputError
        Where the file is missing or no terrain.
    """
    with open_raster(path) as dataset:
        tags = dataset.tags()
        if dataset.count != 2 or SCENE_BOUNDS_TAG not in tags:
            raise InputError(path, "is no simulated terrain", "make the scene again")
        bounds = tuple(float(edge) for edge in tags[SCENE_BOUNDS_TAG].split())
        skyline = Skyline.from_tag(tags.get(SKYLINE_TAG))
        return dataset.read(1), dataset.read(2), MapGrid.of(dataset), bounds, skyline


def map_azimuth(grid, lon_deg, lat_deg, azimuth_deg):
    """Direction on the map, clockwise from up, of a ground azimuth (clockwise from north) at a place."""
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
    """Longitude and latitude in degrees of the middle of map bounds."""
    row, column = grid.rowcol((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    return tuple(float(angle) for angle in grid.lonlat(row, column))


def _places(camera, grid, line, sample, height_m):
    """Row and column (..., 2) of a map that pixels look at."""
    return np.stack(grid.rowcol_of_lonlat(*camera.image_to_ground(line, sample, height_m)), axis=-1)


def _scan(camera, iof, height_m, grid):
    """I/F that each pixel of an image sees, float32 (lines, samples)."""
    lines = np.arange(0, camera.lines + NODE_PX, NODE_PX) + 1.0
    samples = np.arange(0, camera.samples + NODE_PX, NODE_PX) + 1.0
    base, lifted = (_places(camera, grid, lines[:, None], samples, lift_m) for lift_m in (0.0, _LIFT_M))
    lift = (lifted - base) / _LIFT_M
    return sample_along_sight_lines(
        np.ascontiguousarray(base), np.ascontiguousarray(lift), iof, height_m, camera.lines, camera.samples
    )
