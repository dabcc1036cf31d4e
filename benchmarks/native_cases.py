"""The cases of the native engine's benchmark, each in its own process: `python native_cases.py CASE OPTIONS`.

`OPTIONS` is JSON: image_folder, lines, strips_folder, mosaic_px, images, threads. A case prints JSON: its time without
the start of the process, and its own details.
"""

import json
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.errors import NotGeoreferencedWarning
from rasterio.warp import reproject

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from imfmap.camera.footprint import footprint  # noqa: E402
from imfmap.core.files import replacing  # noqa: E402
from imfmap.engines.native.pipeline import Processing, edr_to_map  # noqa: E402
from imfmap.maps.bodies import body  # noqa: E402
from imfmap.maps.grids import MapGrid  # noqa: E402
from imfmap.maps.image_facts import ImageFacts  # noqa: E402
from imfmap.maps.rasters import create_raster  # noqa: E402
from imfmap.mosaic.build import mosaic  # noqa: E402
from imfmap.nac.calibration import Calibration, remove_echo  # noqa: E402
from imfmap.nac.camera import camera_from_isd  # noqa: E402
from imfmap.nac.edr import read_edr, write_edr  # noqa: E402
from imfmap.nac.isd import write_isd  # noqa: E402
from imfmap.nac.label import preroll_time  # noqa: E402
from imfmap.simulate.calibration_set import write_calibration_set  # noqa: E402
from imfmap.simulate.orbit import build_camera, label_fields  # noqa: E402
from imfmap.simulate.settings import ImageSettings  # noqa: E402

SEED = 1
RESOLUTION_M = 1.5
WARM_UP_LINES = 256
LON_DEG, LAT_DEG = 20.0, 10.0
IMAGE = ImageSettings("M1400000000LE", sun_azimuth_deg=90.0, incidence_deg=50.0, summing=1)
# Columns of the masked pixels and their neighbours, on both sides.
MASKED = (slice(0, 40), slice(5030, None))
# Width and length of a strip over the side of a 32k map, for a full image from 50 km at 1.5 m/px.
STRIP_WIDTH, STRIP_LENGTH, STRIP_TILT = 1688 / 32768, 17408 / 32768, 0.03
_BLOCK_LINES = 1024
# Pixels between the nodes of the geolocation arrays; 5064 is a multiple of it.
_NODE_STEP = 8
_GDAL_CACHE_MB = 256
_CRS = body("moon").projected("equirectangular", LAT_DEG, LON_DEG)


def prepare(options: dict[str, Any]) -> None:
    """Make missing inputs, and run the engine on a small image, so that its functions are compiled."""
    make_image(options)
    make_strips(options)
    small = {**options, "image_folder": str(Path(options["image_folder"]).with_name("warm_up")), "lines": WARM_UP_LINES}
    make_image(small)
    run_native(small)


def make_image(options: dict[str, Any]) -> None:
    """Write an EDR, its ISD and calibration set, and the inputs of GDAL's warper, if they are missing."""
    folder = Path(options["image_folder"])
    if not (folder / "calibrated.tif").exists():
        camera = _camera(options["lines"])
        fields = label_fields(IMAGE, camera)
        folder.mkdir(parents=True, exist_ok=True)
        write_edr(folder / "image.IMG", _codes(camera.lines, camera.samples), fields)
        write_isd(camera, folder / "image.json")
        write_calibration_set(folder / "calibration", SEED, preroll_time(IMAGE.product).year)
        _write_nodes(camera, folder)
        _write_calibrated(camera, folder)


def make_strips(options: dict[str, Any]) -> None:
    """Write projected strips that lie on a map like the images of a large target, if they are missing."""
    folder, size_px, images = Path(options["strips_folder"]), options["mosaic_px"], options["images"]
    for number in range(images):
        path = folder / f"strip_{number:03d}.tif"
        if not path.exists():
            # Two rows of slightly tilted strips, like those of orbits.
            middle_row = (0.25 + 0.5 * (number % 2)) * size_px
            rows = np.arange(size_px)
            middle = (number // 2 + 0.5) * size_px / -(-images // 2) + STRIP_TILT * (rows - middle_row)
            middle[np.abs(rows - middle_row) > 0.5 * STRIP_LENGTH * size_px] = np.nan
            facts = ImageFacts(f"M{number:09d}LE", "2010-01-01T00:00:00", 90.0, 50.0, 1.0, 50.0, 0.5, "native")
            _write_strip(path, _mosaic_grid(size_px), middle, STRIP_WIDTH * size_px, facts, options["threads"])


def run_native(options: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Run the native engine from EDR to map."""
    folder = Path(options["image_folder"])
    started = time.perf_counter()
    summary = edr_to_map(
        folder / "image.IMG",
        folder / "image.json",
        folder / "calibration",
        _image_grid(folder),
        folder / "native.tif",
        Processing(threads=options["threads"]),
    )
    opening_s = time.perf_counter() - started - summary.elapsed_s
    return {"stage_s": {"open (grid, camera, MD5)": opening_s, **summary.stage_s}}


def run_gdalwarp(options: dict[str, Any]) -> dict[str, str]:
    """Run GDAL's warper with a kernel of 4 x 4 image pixels, like cam2map and the native engine."""
    return _warp(options, "gdalwarp.tif", XSCALE="1", YSCALE="1")


def run_gdalwarp_wide(options: dict[str, Any]) -> dict[str, str]:
    """Run GDAL's warper with its defaults: on maps coarser than the image, its kernel widens."""
    return _warp(options, "gdalwarp_wide.tif")


def run_mosaic(options: dict[str, Any]) -> None:
    """Make the mosaic of the strips, as the workflow's rule does."""
    folder = Path(options["strips_folder"])
    paths, grid = sorted(folder.glob("strip_*.tif")), _mosaic_grid(options["mosaic_px"])
    mosaic(paths, grid, folder / "mosaic.tif", folder / "mosaic_sources.tif", threads=options["threads"])


CASES = {function.__name__: function for function in (prepare, run_native, run_gdalwarp, run_gdalwarp_wide, run_mosaic)}


def _warp(options, name, **warp_options):
    """Project the calibrated image with its geolocation arrays to the same map and file type, but without overviews."""
    folder = Path(options["image_folder"])
    grid = _image_grid(folder)
    with (
        # Only the warper has threads: GDAL 3.10 locked up when other threads compressed at the same time.
        rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB),
        rasterio.open(folder / "calibrated.tif") as source,
        create_raster(folder / name, grid, "float32", nodata=np.nan, overviews=False) as dataset,
    ):
        reproject(
            rasterio.band(source, 1),
            rasterio.band(dataset, 1),
            src_crs=grid.body.geographic.to_wkt(),
            src_nodata=np.nan,
            dst_nodata=np.nan,
            resampling=Resampling.cubic,
            num_threads=options["threads"],
            warp_mem_limit=_GDAL_CACHE_MB,
            **warp_options,
        )
    return {"gdal": rasterio.__gdal_version__}


def _camera(lines):
    """Return the camera of an image with a number of lines."""
    trial_m = 1000.0
    # The trial is rounded up to whole lines. With one line less, `line_m` is too large rather than too small, so that
    # the second camera has at least `lines` lines.
    line_m = trial_m / (build_camera(IMAGE, LON_DEG, LAT_DEG, trial_m).lines - 1)
    return replace(build_camera(IMAGE, LON_DEG, LAT_DEG, lines * line_m), lines=lines)


def _codes(lines, samples):
    """Return 8-bit codes of a ground of waves and noise, with masked pixels at their usual level."""
    noise = np.random.default_rng(SEED).normal(90.0, 6.0, (_BLOCK_LINES, samples)).astype(np.float32)
    codes = np.empty((lines, samples), np.uint8)
    for first in range(0, lines, _BLOCK_LINES):
        block = codes[first : first + _BLOCK_LINES]
        line = first + np.arange(len(block), dtype=np.float32)
        np.clip(noise[: len(block)] + 30.0 * np.sin(line / 300.0)[:, None], 20, 250, out=block, casting="unsafe")
    for columns in MASKED:
        codes[:, columns] = 18
    return codes


def _image_grid(folder):
    camera = camera_from_isd(folder / "image.json")
    return MapGrid.covering(_CRS, footprint(camera, _CRS).bounds, RESOLUTION_M)


def _mosaic_grid(size_px):
    return MapGrid(_CRS, Affine(RESOLUTION_M, 0.0, 0.0, 0.0, -RESOLUTION_M, 0.0), (size_px, size_px))


def _texture():
    """Return a block of I/F in steps of 2 ** -16, which compresses about as well as images do."""
    values = np.random.default_rng(SEED).normal(0.05, 0.004, (512, 512))
    return (np.round(values * 2**16) / 2**16).astype(np.float32)


def _write_strip(path, grid, middle, width_px, facts, threads):
    """Write a strip around a column of each row (NaN: no data). Blocks without data take no space."""
    texture = _texture()
    with (
        rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB, GDAL_NUM_THREADS=threads),
        create_raster(path, grid, "float32", nodata=np.nan, tags=facts.tags(), overviews=False) as dataset,
    ):
        for row, column, window in grid.blocks(len(texture)):
            rows, columns = window.shape
            there = middle[row : row + rows] - column
            if not ((there > -0.5 * width_px) & (there < columns + 0.5 * width_px)).any():
                continue
            inside = np.abs(np.arange(columns) - there[:, None]) < 0.5 * width_px
            pixels = np.where(inside, texture[:rows, :columns], np.float32(np.nan))
            dataset.write(pixels, 1, window=rasterio.windows.Window(column, row, columns, rows))


def _write_nodes(camera, folder):
    """Write longitude and latitude of the upper left corner of every eighth pixel, edges included."""
    lines, samples = (np.arange(0, size + 1, _NODE_STEP) + 0.5 for size in (camera.lines, camera.samples))
    places = np.empty((2, len(lines), len(samples)))
    for first in range(0, len(lines), _BLOCK_LINES):
        part = slice(first, first + _BLOCK_LINES)
        places[:, part] = camera.image_to_ground(lines[part, None], samples[None, :])
    for name, values in zip(("longitude", "latitude"), places, strict=True):
        shape = {"height": len(lines), "width": len(samples), "count": 1}
        with rasterio.open(folder / f"{name}.tif", "w", driver="GTiff", dtype="float64", **shape) as dataset:
            dataset.write(values, 1)


def _write_calibrated(camera, folder):
    """Write the calibrated image, uncompressed, with a reference to the geolocation arrays."""
    edr = read_edr(folder / "image.IMG")
    calibration = Calibration.for_edr(edr, folder / "calibration", sun_distance_au=camera.sun_distance_au)
    geolocation = {
        "SRS": camera.body.geographic.to_wkt("WKT1_GDAL"),
        "X_DATASET": str((folder / "longitude.tif").resolve()),
        "Y_DATASET": str((folder / "latitude.tif").resolve()),
        "GEOREFERENCING_CONVENTION": "TOP_LEFT_CORNER",
        **{f"{axis}_BAND": 1 for axis in "XY"},
        **{f"{axis}_OFFSET": 0 for axis in ("PIXEL", "LINE")},
        **{f"{axis}_STEP": _NODE_STEP for axis in ("PIXEL", "LINE")},
    }
    shape = {"height": camera.lines, "width": camera.samples, "count": 1}
    with (
        replacing(folder / "calibrated.tif") as temporary,
        rasterio.open(temporary, "w", driver="GTiff", dtype="float32", tiled=True, nodata=np.nan, **shape) as dataset,
    ):
        dataset.update_tags(ns="GEOLOCATION", **geolocation)
        for first in range(0, camera.lines, _BLOCK_LINES):
            block = edr.read_lines(first, min(_BLOCK_LINES, camera.lines - first))
            block = remove_echo(calibration.apply(block), edr.label)
            window = rasterio.windows.Window(0, first, camera.samples, len(block))
            dataset.write(block.astype(np.float32), 1, window=window)


def main(case: str, options: dict[str, Any]) -> None:
    """Run a case, and print its details and time as JSON."""
    # Raw images have no map transform.
    warnings.simplefilter("ignore", NotGeoreferencedWarning)
    started = time.perf_counter()
    details = CASES[case](options) or {}
    json.dump({**details, "work_s": time.perf_counter() - started}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
