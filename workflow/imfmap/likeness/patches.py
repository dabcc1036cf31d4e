"""Patches of images: real ones from files, and simulated ones made with the same camera and processing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..core.temporary import temporary_folder
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

# Range of a stretched image, as in 8-bit images of ISIS.
DARKEST, BRIGHTEST = 1.0, 255.0
# Number in the product id of the first simulated image.
_FIRST_PRODUCT = 1400000000


@dataclass(frozen=True)
class Group:
    """Real patches of one kind of ground, and settings to simulate similar ones.

    Attributes
    ----------
    name, title : str
    real : str
        Pattern of the real files, relative to the folder of real data.
    calibrated : bool
        Whether the files hold I/F in the lines and samples of the camera. If not, they are stretched 8-bit maps.
    size_px : int
        Side of a patch.
    resolution_m : float
    lat, lon : float
        Place of the simulated ground in degrees.
    patches : int
        Number of simulated patches.
    scene, image : dict
        Settings of scene and image. A value may be drawn again for each patch, see `draw_settings`. Without
        sun_azimuth_deg, the Sun's azimuth follows from latitude and incidence, in the morning or in the afternoon.
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
    """A patch and its known facts.

    Attributes
    ----------
    name : str
    real : bool
    pixels : ndarray
        float32 (n, n): I/F, or counts 1..255 of a stretched patch.
    facts : dict
        incidence_deg and sun_azimuth_deg if the patch is simulated, otherwise empty.
    craters : ndarray
        (m, 4) row, column, diameter in pixels and age of each crater if the patch is a simulated map, otherwise empty.
    """

    name: str
    real: bool
    pixels: np.ndarray
    facts: dict
    craters: np.ndarray


def read_real(group: Group, folder: str | Path) -> list[Patch]:
    """Return the real patches of a group: squares of the group's size from the middle of each file.

    Raises
    ------
    InputError
        If there is no file, or a file is too small or has pixels without data.
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
            raise InputError(
                path,
                f"has {pixels.shape[0]} x {pixels.shape[1]} pixels",
                f"use one of {group.size_px} x {group.size_px} or more",
            )
        row, column = ((size - group.size_px) // 2 for size in pixels.shape)
        pixels = pixels[row : row + group.size_px, column : column + group.size_px]
        if not (np.isfinite(pixels).all() and (pixels > -1e30).all()):
            raise InputError(path, "has pixels without data", "remove the file")
        patches.append(Patch(path.stem.split("_")[0], True, pixels, {}, np.empty((0, 4))))
    return patches


def prepare_calibration(folder: str | Path, seed: int) -> None:
    """Write the calibration files for all simulated patches."""
    write_calibration_set(folder, seed, preroll_time(f"M{_FIRST_PRODUCT}L").year)


def simulate_patch(group: Group, number: int, seed: int, calibration_dir: str | Path) -> Patch:
    """Return one simulated patch: ground, sensor, calibration, echo removal and, for a map, projection.

    Parameters
    ----------
    group : Group
    number : int
        Number of the patch, from 0.
    seed : int
    calibration_dir : path
        Calibration files, as `prepare_calibration` writes them.

    Returns
    -------
    Patch
        A patch of I/F. It is the same for the same arguments.
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
    with temporary_folder() as folder:
        ground, edr, isd = (folder / name for name in ("terrain.tif", "image.IMG", "image.json"))
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
            edr_to_map(edr, isd, calibration_dir, grid, folder / "map.tif", Processing(threads=1))
            pixels, _, _ = read_raster(folder / "map.tif")
            craters = _craters(terrain, grid)
    facts = {name: float(image[name]) for name in ("incidence_deg", "sun_azimuth_deg")}
    name = f"{group.name} {number + 1}"
    return Patch(name, False, np.ascontiguousarray(pixels, np.float32), facts, craters)


def stretched(pixels: np.ndarray, dark_share: float, bright_share: float) -> np.ndarray:
    """Return pixels stretched to 8 bits. Given shares of the pixels are clipped at the dark and the bright end.

    Returns
    -------
    ndarray
        float32, whole numbers 1..255.
    """
    low, high = np.percentile(pixels, (100.0 * dark_share, 100.0 * (1.0 - bright_share)))
    scaled = (pixels - low) / max(float(high - low), np.finfo(np.float32).tiny)
    return np.clip(np.rint(DARKEST + (BRIGHTEST - DARKEST) * scaled), DARKEST, BRIGHTEST).astype(np.float32)


def cut_shares(pixels: np.ndarray) -> tuple[float, float]:
    """Return the shares of a stretched patch's pixels that are clipped at the dark and at the bright end."""
    return float((pixels <= DARKEST).mean()), float((pixels >= BRIGHTEST).mean())


def draw_settings(settings: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Return settings with a value drawn from each range.

    Ranges are ``{between: [a, b]}``, ``{log_between: [a, b]}`` and ``{one_of: [...]}``.
    """
    return {key: _drawn(value, rng) for key, value in settings.items()}


def sun_azimuth_at(lat_deg: float, incidence_deg: float, morning: bool) -> float:
    """Return the direction towards the Sun, clockwise from north, for a Sun above the equator.

    On the Moon, the Sun is always close to the equator's plane.

    Raises
    ------
    InputError
        If the Sun never stands so high at the latitude.
    """
    cosine = np.cos(np.radians(incidence_deg)) / np.cos(np.radians(lat_deg))
    if cosine > 1.0:
        raise InputError(
            f"incidence_deg {incidence_deg:g}", f"is never seen at latitude {lat_deg:g}", "use a larger incidence"
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
    raise InputError(f"a setting of likeness: {how}", "is not a kind of range", "use between, log_between or one_of")


def _craters(terrain, grid):
    """Return the craters (m, 4) of a terrain on a map: row, column, diameter in pixels, age."""
    if not len(terrain.craters):
        return np.empty((0, 4))
    centres = terrain.craters.geometry.centroid
    row, column = grid.rowcol(centres.x.to_numpy(), centres.y.to_numpy())
    diameter_px = terrain.craters.diameter_m.to_numpy() / grid.resolution_m
    return np.column_stack([row, column, diameter_px, terrain.craters.age.to_numpy()])
