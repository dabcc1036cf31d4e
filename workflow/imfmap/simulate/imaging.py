"""Images of a simulated scene: through the camera to an EDR, or straight on to the map."""

import numpy as np
from numba import njit
from scipy.ndimage import gaussian_filter

from ..errors import InputError
from ..grids import MapGrid
from ..nac import NacLabel
from ..pds import write_edr
from ..rasters import open_raster
from ..sensors import NAC
from .light import reflectance, shade
from .orbit import build_camera, exposure, label_fields
from .sensor import ELECTRONS_A_COUNT, READ_NOISE_ELECTRONS, expose
from .settings import ImageSettings

SCENE_BOUNDS_TAG = "IMF_SCENE_BOUNDS"
# Companding of the mission's most used table (label of M114145549LE).
COMPANDING = {
    "xterm": (0, 32, 136, 543, 2207),
    "mterm": (0.5, 0.25, 0.125, 0.0625, 0.03125),
    "bterm": (0, 8, 25, 59, 128),
}
# Blur of the optics alone in native pixels: with the pixel's own width it makes a modulation of some 0.23 at Nyquist.
_OPTICS_PX = 0.46
_LATTICE_PX = 16
_LIFT_M = 100.0
_PROBE_M = 50.0
# Counts a unit of I/F in a typical summed image, for the noise of the direct path.
_DIRECT_COUNTS_PER_IOF = 10000.0


def image_scene(terrain_path, image, calibration_dir, edr_path, isd_path, seed):
    """Take an image of a scene: EDR and camera.

    Every pixel looks at the relief, not at the sphere, so that parallax is real; what hides behind relief from a camera
    near the zenith is too little to matter and is not modelled. Beyond the terrain's edges the ground is its mirror
    image. Photometry takes the view from straight above.

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
        Of noise and electronics.

    Returns
    -------
    LineScanCamera

    Raises
    ------
    InputError
        For a terrain that is none, a missing calibration file, or settings out of range.
    """
    image = image if isinstance(image, ImageSettings) else ImageSettings.from_mapping(image)
    height_m, albedo, grid, bounds = read_terrain(terrain_path)
    row, column = grid.rowcol((bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2)
    lon_deg, lat_deg = (float(angle) for angle in grid.lonlat(row, column))
    track_deg = map_azimuth(grid, lon_deg, lat_deg, 0.0)
    turned = np.radians(track_deg)
    width_m, depth_m = bounds[2] - bounds[0], bounds[3] - bounds[1]
    margin_m = bounds[0] - grid.bounds[0]
    length_m = abs(depth_m * np.cos(turned)) + abs(width_m * np.sin(turned)) + margin_m
    camera = build_camera(image, lon_deg, lat_deg, length_m)

    sun_on_map_deg = map_azimuth(grid, lon_deg, lat_deg, image.sun_azimuth_deg)
    iof = reflectance(height_m, albedo, grid.resolution_m, sun_on_map_deg, image.incidence_deg)
    native_m = 1000.0 * image.altitude_km * NAC[image.camera].pixel_pitch_mm / NAC[image.camera].focal_length_mm
    iof = _blurred(iof, native_m, image.summing, grid.resolution_m)
    seen = _scan(camera, iof, height_m, grid)

    fields = label_fields(image, camera) | {f"LRO:{name.upper()}": terms for name, terms in COMPANDING.items()}
    # Images of one scene share its seed, not their noise.
    rng = np.random.default_rng([seed, int(camera.product_id[1:-2])])
    codes = expose(seen, _label(image, camera, fields), calibration_dir, rng)
    camera.to_isd(isd_path)
    write_edr(edr_path, codes, fields)
    return camera


def observe(terrain, grid, sun_azimuth_deg, incidence_deg, rng, pixel_m=1.0):
    """Image of a terrain on the map without orbit and detector: their blur and noise alone.

    Parameters
    ----------
    terrain : Terrain
    grid : MapGrid
        Inside the terrain's.
    sun_azimuth_deg : float
        Towards the Sun on the map, clockwise from up.
    incidence_deg : float
    rng : numpy.random.Generator
    pixel_m : float
        Width of a (summed) pixel of the camera on the ground.

    Returns
    -------
    ndarray
        I/F, float32 on `grid`.
    """
    iof = _blurred(shade(terrain, sun_azimuth_deg, incidence_deg), pixel_m / 2, 2, terrain.grid.resolution_m)
    x, y = grid.xy(np.arange(grid.shape[0])[:, None], np.arange(grid.shape[1])[None, :])
    row, column = terrain.grid.rowcol(x, y)
    seen = _sample_lattice(iof, row[:, 0], column[0])
    read_noise = READ_NOISE_ELECTRONS / ELECTRONS_A_COUNT
    counts = seen * _DIRECT_COUNTS_PER_IOF
    # Counts of a companded code span 1 / slope; their rounding is noise, too.
    span = 1.0 / np.asarray(COMPANDING["mterm"])[np.searchsorted(COMPANDING["xterm"][1:], counts)]
    spread = np.sqrt(counts / ELECTRONS_A_COUNT / 2 + read_noise**2 / 2 + span**2 / 12) / _DIRECT_COUNTS_PER_IOF
    return seen + (spread * rng.standard_normal(seen.shape)).astype(np.float32)


def read_terrain(path):
    """Heights, albedo, grid and bounds of the scene proper out of a terrain file.

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
        return dataset.read(1), dataset.read(2), MapGrid.of(dataset), bounds


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


def _blurred(iof, native_m, summing, resolution_m):
    """I/F as optics and pixels of a size blur it, a Gaussian of the same variance."""
    sigma_m = native_m * np.sqrt(_OPTICS_PX**2 + summing**2 / 12.0)
    return gaussian_filter(iof, sigma_m / resolution_m, truncate=3.5, mode="nearest")


def _scan(camera, iof, height_m, grid):
    """I/F that each pixel of an image sees, float32 (lines, samples)."""
    lines = np.arange(0, camera.lines + _LATTICE_PX, _LATTICE_PX) + 1.0
    samples = np.arange(0, camera.samples + _LATTICE_PX, _LATTICE_PX) + 1.0
    places = [
        grid.rowcol_of_lonlat(*camera.image_to_ground(lines[:, None], samples[None, :], lift))
        for lift in (0.0, _LIFT_M)
    ]
    base = np.stack(places[0], axis=-1)
    lift = (np.stack(places[1], axis=-1) - base) / _LIFT_M
    return _look(np.ascontiguousarray(base), np.ascontiguousarray(lift), iof, height_m, camera.lines, camera.samples)


@njit(cache=True)
def _mirror(index, size):
    period = 2 * size - 2
    index = abs(index) % period
    return period - index if index >= size else index


@njit(cache=True)
def _bilinear(array, row, column):
    rows, columns = array.shape
    r, c = int(np.floor(row)), int(np.floor(column))
    fr, fc = row - r, column - c
    r0, r1 = _mirror(r, rows), _mirror(r + 1, rows)
    c0, c1 = _mirror(c, columns), _mirror(c + 1, columns)
    upper = array[r0, c0] * (1.0 - fc) + array[r0, c1] * fc
    return upper * (1.0 - fr) + (array[r1, c0] * (1.0 - fc) + array[r1, c1] * fc) * fr


@njit(cache=True)
def _cubic(array, row, column):
    """Cubic convolution (a = -0.5), the array continued by its mirror image."""
    rows, columns = array.shape
    r, c = int(np.floor(row)), int(np.floor(column))
    total = 0.0
    for i in range(-1, 3):
        weight = _cubic_weight(row - r - i)
        line = _mirror(r + i, rows)
        for j in range(-1, 3):
            total += weight * _cubic_weight(column - c - j) * array[line, _mirror(c + j, columns)]
    return max(total, 0.0)


@njit(cache=True)
def _cubic_weight(distance):
    d = abs(distance)
    if d < 1.0:
        return (1.5 * d - 2.5) * d * d + 1.0
    if d < 2.0:
        return ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0
    return 0.0


@njit(cache=True)
def _look(base, lift, iof, height, lines, samples):
    out = np.empty((lines, samples), np.float32)
    for line in range(lines):
        i, fi = line // _LATTICE_PX, (line % _LATTICE_PX) / _LATTICE_PX
        for sample in range(samples):
            j, fj = sample // _LATTICE_PX, (sample % _LATTICE_PX) / _LATTICE_PX
            w00, w01, w10, w11 = (1 - fi) * (1 - fj), (1 - fi) * fj, fi * (1 - fj), fi * fj
            row = w00 * base[i, j, 0] + w01 * base[i, j + 1, 0] + w10 * base[i + 1, j, 0] + w11 * base[i + 1, j + 1, 0]
            column = (
                w00 * base[i, j, 1] + w01 * base[i, j + 1, 1] + w10 * base[i + 1, j, 1] + w11 * base[i + 1, j + 1, 1]
            )
            up = 0.0
            # Towards nadir the relief moves the ground point little: two steps settle it.
            for _ in range(2):
                up = _bilinear(height, row + up * lift[i, j, 0], column + up * lift[i, j, 1])
            out[line, sample] = _cubic(iof, row + up * lift[i, j, 0], column + up * lift[i, j, 1])
    return out


@njit(cache=True)
def _sample_lattice(array, row, column):
    out = np.empty((len(row), len(column)), np.float32)
    for i in range(len(row)):
        for j in range(len(column)):
            out[i, j] = _cubic(array, row[i], column[j])
    return out
