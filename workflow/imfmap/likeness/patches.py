"""Patches of images, real ones as they are found and simulated ones made through the same camera and processing."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..core.errors import InputError
from ..engines.native.pipeline import Processing, edr_to_map
from ..maps.bodies import body
from ..maps.grids import MapGrid
from ..maps.rasters import open_raster, read_raster
from ..nac.calibration import calibrate, remove_echo
from ..nac.edr import read_edr
from ..nac.label import preroll_time
from ..simulate.calibration_set import write_calibration_set
from ..simulate.imaging import image_scene
from ..simulate.scene import write_terrain
from ..simulate.terrain import make_terrain

# A stretched image runs from 1 to 255, as ISIS writes one.
DARKEST, BRIGHTEST = 1.0, 255.0
# Simulated images are of this number and those after it.
_FIRST_PRODUCT = 1400000000


@dataclass(frozen=True)
class Group:
    """Real patches of one kind of ground, and how to simulate their like.

    Attributes
    ----------
    name, title : str
    real : str
        Pattern of the real files below the folder of real data.
    calibrated : bool
        Whether they hold I/F in the camera's own lines and samples; if not, they are stretched 8-bit maps.
    size_px : int
    resolution_m : float
    lat, lon : float
        Degrees; where the simulated ground lies.
    patches : int
        How many are simulated.
    scene, image : dict
        Settings of scene and image; a value may be drawn anew for each patch, see `draw_settings`. Without a
        sun_azimuth_deg the Sun stands where it does over the latitude, in the morning or in the afternoon.
    """

    name: str
    title: str
    real: str
    calibrated: bool
    size_px: int
    resolution_m: float
    lat: float
    lon: float
    patches: int
    scene: dict
    image: dict


@dataclass(frozen=True, eq=False)
class Patch:
    """A patch, and what is known of it.

    Attributes
    ----------
    name : str
    real : bool
    pixels : ndarray
        float32 (n, n): I/F, or counts 1..255 of a stretched patch.
    facts : dict
        Of a simulated patch: incidence_deg, sun_azimuth_deg.
    craters : ndarray
        Of a simulated map: (m, 4) row, column, diameter in pixels and age of the craters in it.
    """

    name: str
    real: bool
    pixels: np.ndarray
    facts: dict
    craters: np.ndarray


def read_real(group, folder):
    """The real patches of a group, cut to squares of its size from the middle.

    Raises
    ------
    InputError
        Where there are none, or one is too small or has holes.
    """
    paths = sorted(Path(folder).glob(group.real))
    if not paths:
        raise InputError(
            Path(folder) / group.real, "no such file", "set IMF_REAL_DATA to the folder that holds the real data"
        )
    patches = []
    for path in paths:
        with open_raster(path) as dataset:
            pixels = dataset.read(1).astype(np.float32)
        if min(pixels.shape) < group.size_px:
            raise InputError(path, f"has {pixels.shape} pixels", f"{group.size_px} x {group.size_px} are needed")
        row, column = ((size - group.size_px) // 2 for size in pixels.shape)
        pixels = pixels[row : row + group.size_px, column : column + group.size_px]
        if not (np.isfinite(pixels).all() and (pixels > -1e30).all()):
            raise InputError(path, "has pixels without data", "leave it out")
        patches.append(Patch(path.stem.split("_")[0], True, pixels, {}, np.empty((0, 4))))
    return patches


def prepare_calibration(folder, seed):
    """Write the calibration files that every simulated patch is calibrated with."""
    write_calibration_set(folder, seed, preroll_time(f"M{_FIRST_PRODUCT}L").year)


def simulate_patch(group, number, seed, calibration_dir):
    """Simulate one patch of a group: ground, sensor, calibration, echo removal and, for a map, projection.

    Parameters
    ----------
    group : Group
    number : int
        Of the patch, from 0.
    seed : int
    calibration_dir : path
        As `prepare_calibration` writes it.

    Returns
    -------
    Patch
        Of I/F; the same for the same arguments.
    """
    rng = np.random.default_rng([seed, number])
    scene = {**draw_settings(group.scene, rng), "seed": int(rng.integers(2**31))}
    image = {**draw_settings(group.image, rng), "product": f"M{_FIRST_PRODUCT + number}"}
    if "sun_azimuth_deg" not in image:
        image["sun_azimuth_deg"] = sun_azimuth_at(group.lat, image["incidence_deg"], morning=rng.random() < 0.5)
    size_m = group.size_px * group.resolution_m
    crs = body("moon").projected("equirectangular", group.lat, group.lon)
    grid = MapGrid.centred(crs, group.lon, group.lat, size_m, size_m, group.resolution_m)
    terrain = make_terrain(scene, grid)
    with TemporaryDirectory() as folder:
        ground, edr, isd = (Path(folder) / name for name in ("terrain.tif", "image.IMG", "image.json"))
        write_terrain(terrain, grid, ground, scene["seed"])
        camera = image_scene(ground, image, calibration_dir, edr, isd, seed + number)
        if group.calibrated:
            opened = read_edr(edr)
            iof = remove_echo(calibrate(opened, calibration_dir), opened.label)
            line, sample = (int(round(float(at))) - 1 for at in camera.ground_to_image(group.lon, group.lat))
            half = group.size_px // 2
            pixels = iof[line - half : line - half + group.size_px, sample - half : sample - half + group.size_px]
            craters = np.empty((0, 4))
        else:
            edr_to_map(edr, isd, calibration_dir, grid, Path(folder) / "map.tif", Processing(threads=1))
            pixels, _, _ = read_raster(Path(folder) / "map.tif")
            craters = _craters(terrain, grid)
    facts = {name: float(image[name]) for name in ("incidence_deg", "sun_azimuth_deg")}
    name = f"{group.name} {number + 1}"
    return Patch(name, False, np.ascontiguousarray(pixels, np.float32), facts, craters)


def stretched(pixels, dark_share, bright_share):
    """A patch stretched to 8 bits so that these shares of it are cut off at either end.

    Returns
    -------
    ndarray
        float32, whole numbers 1..255.
    """
    low, high = np.percentile(pixels, (100.0 * dark_share, 100.0 * (1.0 - bright_share)))
    scaled = (pixels - low) / max(float(high - low), np.finfo(np.float32).tiny)
    return np.clip(np.rint(DARKEST + (BRIGHTEST - DARKEST) * scaled), DARKEST, BRIGHTEST).astype(np.float32)


def cut_shares(pixels):
    """Shares of a stretched patch that its stretch cut off at the dark and at the bright end."""
    return float((pixels <= DARKEST).mean()), float((pixels >= BRIGHTEST).mean())


def draw_settings(settings, rng):
    """Settings with every range drawn from: ``{between: [a, b]}``, ``{log_between: [a, b]}`` or ``{one_of: [...]}``."""
    return {key: _drawn(value, rng) for key, value in settings.items()}


def sun_azimuth_at(lat_deg, incidence_deg, morning):
    """Direction towards the Sun, clockwise from north, where it stands above the equator, as it all but does.

    Raises
    ------
    InputError
        Where the Sun never stands so high.
    """
    cosine = np.cos(np.radians(incidence_deg)) / np.cos(np.radians(lat_deg))
    if cosine > 1.0:
        raise InputError(
            f"incidence_deg {incidence_deg:g}", f"is never seen at latitude {lat_deg:g}", "use a larger one"
        )
    hour = np.arccos(cosine)
    azimuth_deg = np.degrees(np.arctan2(np.sin(hour), -np.sin(np.radians(lat_deg)) * np.cos(hour)))
    return float(azimuth_deg if morning else 360.0 - azimuth_deg)


def _drawn(value, rng):
    if not isinstance(value, dict):
        return value
    ((how, choices),) = value.items()
    if how == "between":
        return float(rng.uniform(*choices))
    if how == "log_between":
        return float(np.exp(rng.uniform(*np.log(choices))))
    if how == "one_of":
        return _drawn(choices[int(rng.integers(len(choices)))], rng)
    raise InputError(f"a setting of likeness: {how}", "unknown", "use between, log_between or one_of")


def _craters(terrain, grid):
    """Craters (m, 4) of a terrain on a map: row, column, diameter in pixels, age."""
    if not len(terrain.craters):
        return np.empty((0, 4))
    centres = terrain.craters.geometry.centroid
    row, column = grid.rowcol(centres.x.to_numpy(), centres.y.to_numpy())
    diameter_px = terrain.craters.diameter_m.to_numpy() / grid.resolution_m
    return np.column_stack([row, column, diameter_px, terrain.craters.age.to_numpy()])
