"""The cases of the mapping benchmark, each in its own process: `python mapping_cases.py CASE OPTIONS`.

`OPTIONS` is JSON: folder, size, wide, fractures, images, threads. A case prints JSON: its time without the start of the
process, and its counts.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from native_cases import make_strips
from rasterio.windows import Window

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.probability_raster import MEDIAN_TAG, NODATA, create_probability, encode
from imfmap.maps.rasters import create_raster, open_raster, read_window

SEED = 1
RESOLUTION_M = 1.5
# Side of the blocks of a probability, and number of patterns. Each block is a pattern, turned and mirrored at random.
BLOCK_PX, PATTERNS = 2048, 8
# Rows of each of the three bands with data in the wide mosaic.
BAND_PX = 1024
INFERENCE = {"overlap": 0.25, "batch_size": 8, "test_time_augmentation": [], "device": "cpu"}
# Networks with random weights: only their cost matters here.
SMALL = {
    "architecture": "unet",
    "encoder": "tu-tf_mobilenetv3_small_minimal_100",
    "decoder_channels": [64, 48, 32, 16, 8],
    "tile_size_px": 256,
}
NETWORKS = {
    "sun_aligned": {**SMALL, "recipe": "sun_aligned"},
    "paper_small": {**SMALL, "recipe": "paper"},
    "paper": {"architecture": "deeplabv3_resnet50", "recipe": "paper", "tile_size_px": 512},
}


def prepare(options: dict[str, Any]) -> None:
    """Make missing inputs: a probability with a floor, strips with their probabilities, mosaics, networks."""
    folder = Path(options["folder"])
    if not (folder / "boundary.gpkg").exists():
        write_fracture_probability(options)
    strips = {"strips_folder": str(folder / "strips"), "mosaic_px": options["size"]}
    make_strips({**strips, "images": options["images"], "threads": options["threads"]})
    for strip in _strips(options):
        if not _probability_of(strip).exists():
            _write_strip_probability(strip)
    size, wide, band = options["size"], options["wide"], min(BAND_PX, options["wide"] // 4)
    for name, shape, rows in (
        ("mosaic", (size, size), [(0, size)]),
        ("row", (512, size), [(0, 512)]),
        ("wide", (wide, wide), [(first, band) for first in (0, wide // 2, wide - band)]),
    ):
        if not (folder / f"{name}.tif").exists():
            _write_mosaic(folder / f"{name}.tif", shape, rows)
    for name, settings in NETWORKS.items():
        if not (folder / f"{name}.pt").exists():
            _write_network(folder / f"{name}.pt", settings)


def infer_image(options: dict[str, Any]) -> None:
    """Recipe sun_aligned: inference on one image."""
    from imfmap.inference.infer import infer_image

    checkpoint, strip = Path(options["folder"], "sun_aligned.pt"), _strips(options)[0]
    infer_image(checkpoint, strip, Path(options["folder"], "image_found.tif"), INFERENCE, options["threads"])


def fuse(options: dict[str, Any]) -> None:
    """Recipe sun_aligned: fusion of all images."""
    from imfmap.inference.fusion import fuse

    strips = _strips(options)
    fuse([_probability_of(strip) for strip in strips], strips, Path(options["folder"], "fused.tif"), _grid(options))


def infer_mosaic(options: dict[str, Any]) -> None:
    """Recipe paper: inference on a mosaic with a small network."""
    _infer_mosaic(options, "paper_small", "mosaic")


def infer_wide(options: dict[str, Any]) -> None:
    """Recipe paper: inference on a wide mosaic with data in three bands, with a small network."""
    _infer_mosaic(options, "paper_small", "wide")


def infer_row(options: dict[str, Any]) -> None:
    """Recipe paper: inference on one row of windows with the paper's network."""
    _infer_mosaic(options, "paper", "row")


def vectorise(options: dict[str, Any]) -> dict[str, int]:
    """Rule `vectorise`: polygons, measures, filters, candidate ponds, files."""
    from imfmap.fractures.accept import filter_fractures, read_boundary
    from imfmap.fractures.measures import measure as measure_fractures
    from imfmap.fractures.polygons import vectorise as polygons_of
    from imfmap.fractures.pond_candidates import PondRule, candidate_ponds, outside_fractures
    from imfmap.products.tables import write_fractures

    folder = Path(options["folder"])
    polygons = polygons_of(folder / "probability.tif", 0.5)
    fractures, lines = measure_fractures(polygons, folder / "probability.tif")
    floor = read_boundary(folder / "boundary.gpkg", fractures.crs)["floor"]
    kept, rejected = filter_fractures(fractures, floor=floor)
    ponds = candidate_ponds(outside_fractures(kept, rejected, floor), _grid(options), PondRule(), floor)
    write_fractures(folder, kept, rejected, lines, ponds)
    return {"kept": len(kept), "rejected": len(rejected), "ponds": len(ponds)}


def statistics(options: dict[str, Any]) -> dict[str, float]:
    """Rule `statistics`: mapped ground, density map and rose diagram."""
    from imfmap.fractures.density import CELLS, density_map, write_density
    from imfmap.fractures.orientations import directions, rose
    from imfmap.maps.ground_plane import GroundPlane, mapped_ground
    from imfmap.maps.vectors import read_vector

    folder = Path(options["folder"])
    lines = read_vector(folder / "fractures.gpkg", "centrelines")
    mapped = mapped_ground(folder / "probability.tif", 250.0 / CELLS)
    plane = GroundPlane(mapped.grid)
    write_density(folder / "density.tif", density_map(lines, mapped, plane, 250.0), mapped, 250.0)
    return {"km": sum(rose(*directions(lines, mapped.grid))["length_km"]), "km2": mapped.total_km2}


def distances(options: dict[str, Any]) -> dict[str, float]:
    """Rule `distances`: distances to the wall, compared with 999 random sets."""
    from imfmap.fractures.accept import read_boundary
    from imfmap.fractures.boundary_distance import boundary_distances
    from imfmap.maps.ground_plane import GroundPlane, mapped_ground
    from imfmap.maps.vectors import read_vector

    folder = Path(options["folder"])
    lines = read_vector(folder / "fractures.gpkg", "centrelines")
    floor = read_boundary(folder / "boundary.gpkg", lines.crs)["floor"]
    mapped = mapped_ground(folder / "probability.tif")
    found = boundary_distances(lines, floor, mapped, GroundPlane(mapped.grid), 999, SEED)
    return {"p_value": found.p_value}


MEASURED = (infer_image, fuse, infer_mosaic, infer_wide, infer_row, vectorise, statistics, distances)
CASES = {function.__name__: function for function in (prepare, *MEASURED)}


def _infer_mosaic(options, network, mosaic):
    from imfmap.inference.infer import infer_mosaic

    folder = Path(options["folder"])
    out = folder / f"{mosaic}_found.tif"
    infer_mosaic(
        folder / f"{network}.pt", folder / f"{mosaic}.tif", out, {**INFERENCE, "overlap": 0.0}, options["threads"]
    )


def _grid(options):
    return square((options["size"], options["size"]))


def square(shape: tuple[int, int]) -> MapGrid:
    """Return a grid of so many rows and columns."""
    crs = body("moon").projected("equirectangular", 10.0, 20.0)
    return MapGrid(crs, Affine(RESOLUTION_M, 0.0, 0.0, 0.0, -RESOLUTION_M, 0.0), shape)


def _strips(options):
    return sorted(Path(options["folder"], "strips").glob("strip_*.tif"))


def _probability_of(strip):
    return strip.with_name(f"found_{strip.name}")


def write_fracture_probability(options: dict[str, Any]) -> None:
    """Write a probability with straight and crossing fractures, and a floor that lacks the top tenth of the map."""
    import geopandas
    import shapely
    from rasterio.features import rasterize

    from imfmap.maps.vectors import write_vector

    folder, grid = Path(options["folder"]), _grid(options)
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    blocks = list(grid.blocks(BLOCK_PX))
    each = max(1, round(options["fractures"] / len(blocks)))
    patterns = []
    for _ in range(PATTERNS):
        starts, turns = rng.uniform(100, BLOCK_PX - 100, (each, 2)), rng.uniform(0, 2 * np.pi, each)
        # Lengths and widths as in the paper's label table: 40 to 400 px, 3 to 20 px.
        lengths, widths = 40 * 10 ** rng.uniform(0, 1, each), rng.uniform(3, 20, each)
        ends = starts + lengths[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
        lines = shapely.linestrings(np.stack([starts, ends], axis=1))
        drawn = rasterize(list(shapely.buffer(lines, widths / 2)), (BLOCK_PX, BLOCK_PX))
        noise = rng.uniform(0, 0.35, drawn.shape)
        patterns.append(encode(np.where(drawn, 0.6 + noise, noise)))
    with create_probability(folder / "probability.tif", grid) as dataset:
        for row, column, block in blocks:
            codes = np.rot90(patterns[rng.integers(PATTERNS)], rng.integers(4))
            codes = codes[:, :: rng.choice((-1, 1))][: block.shape[0], : block.shape[1]]
            dataset.write(codes, 1, window=Window(column, row, *block.shape[::-1]))
    left, bottom, right, top = grid.bounds
    x = np.linspace(left, right, 400)
    wall = np.column_stack([x, top - (top - bottom) * (0.1 + 0.01 * np.sin(np.arange(400) / 9))])
    floor = shapely.Polygon([*wall, (right, bottom), (left, bottom)])
    write_vector(folder / "boundary.gpkg", {"floor": geopandas.GeoDataFrame(geometry=[floor], crs=grid.crs)})


def _write_strip_probability(strip):
    """Write a random probability for the pixels of a strip."""
    codes = np.random.default_rng(SEED).integers(0, 251, (512, 512), np.uint8)
    with open_raster(strip) as image:
        grid, tags = MapGrid.of(image), {**image.tags(), MEDIAN_TAG: 0.05}
        with create_raster(_probability_of(strip), grid, "uint8", nodata=NODATA, tags=tags, overviews=False) as out:
            for row, column, block in grid.blocks(512):
                seen = np.isfinite(read_window(image, row, column, *block.shape, fill=np.nan))
                if seen.any():
                    found = np.where(seen, codes[: block.shape[0], : block.shape[1]], NODATA).astype(np.uint8)
                    out.write(found, 1, window=Window(column, row, *block.shape[::-1]))


def _write_mosaic(path, shape, bands):
    """Write a mosaic with data in bands, which are given as (first row, number of rows)."""
    rng = np.random.default_rng(SEED)
    texture = rng.integers(60, 200, (512, 512), np.uint8)
    grid = square(shape)
    with create_raster(path, grid, "uint8", nodata=0, overviews=False) as dataset:
        for first, rows in bands:
            for row, column, block in grid.window(first, 0, rows, shape[1]).blocks(512):
                # All blocks differ, because the result of a window is used again for an equal window.
                moved = np.roll(texture, rng.integers(512, size=2), axis=(0, 1))[: block.shape[0], : block.shape[1]]
                dataset.write(moved, 1, window=Window(column, first + row, *block.shape[::-1]))


def _write_network(path, settings):
    import torch

    from imfmap.learning.models import build_model, save_checkpoint

    torch.manual_seed(SEED)
    settings = {**settings, "resolution_m": RESOLUTION_M, "threshold": 0.5}
    save_checkpoint(path, build_model(settings), settings)


def main(case: str, options: dict[str, Any]) -> None:
    """Run a case, and print its counts and time as JSON."""
    started = time.perf_counter()
    with rasterio.Env(GDAL_CACHEMAX=256):
        counts = CASES[case](options) or {}
    json.dump({**counts, "work_s": time.perf_counter() - started}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
