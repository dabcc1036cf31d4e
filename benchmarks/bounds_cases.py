"""The cases of the benchmark of bounds, each in its own process: `python bounds_cases.py CASE N FOLDER`.

A case makes an input that is as bad as it can be for a step, of a size N, and returns the work to measure. The process
prints JSON: the processor time of the work, without that of making the input.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import geopandas
import numpy as np
import shapely

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid

SEED = 1
RESOLUTION_M = 1.5
CRS = body("moon").projected("equirectangular", 10.0, 20.0)
WIDTHS = {"tiny": 2.5, "small": 4, "medium": 8, "large": 16, "huge": 30}

Work = Callable[[], object]


def grid_of(rows: int, columns: int | None = None) -> MapGrid:
    """Return the grid of a map with so many pixels."""
    sides = (RESOLUTION_M * side for side in (columns or rows, rows))
    return MapGrid.centred(CRS, 20.0, 10.0, *sides, RESOLUTION_M)


def dots(side: int) -> np.ndarray:
    """Return a mask: every other pixel of every other row."""
    mask = np.zeros((side, side), bool)
    mask[1:-1:2, 1:-1:2] = True
    return mask


def checkerboard(side: int) -> np.ndarray:
    """Return a mask: every other pixel; all touch by their corners."""
    rows, columns = np.indices((side, side))
    return (rows + columns) % 2 == 0


def net(side: int) -> np.ndarray:
    """Return a mask: one fracture as large as the map, with a hole in every 4 x 4 pixels."""
    mask = np.ones((side, side), bool)
    rows, columns = np.indices((side, side)) % 4
    mask[(rows > 1) & (columns > 1)] = False
    return mask


def comb(side: int) -> np.ndarray:
    """Return a mask: one fracture with teeth as long as the map."""
    mask = np.zeros((side, side), bool)
    mask[:, np.arange(side) % 4 < 2] = True
    mask[:2] = True
    return mask


def spiral(side: int) -> np.ndarray:
    """Return a mask: one fracture that winds from the map's edge to its middle."""
    mask, low, high = np.zeros((side, side), bool), 0, side
    while high - low > 8:
        mask[low : low + 2, low:high] = True
        mask[low:high, high - 2 : high] = True
        mask[high - 2 : high, low + 4 : high] = True
        mask[low + 4 : high, low + 4 : low + 6] = True
        low, high = low + 4, high - 4
    return mask


def rings(side: int) -> np.ndarray:
    """Return a mask: rings of 3 x 3 pixels with a hole, which touch by their corners."""
    rows, columns = np.indices((side, side))
    return ((rows // 3 + columns // 3) % 2 == 0) & ~((rows % 3 == 1) & (columns % 3 == 1))


def mapped(mask: np.ndarray, folder: Path) -> Work:
    """Return the steps from a probability to fractures, for a mask of detections."""
    from imfmap.fractures.accept import filter_fractures
    from imfmap.fractures.draft_labels import write_as_labels
    from imfmap.fractures.image_support import mosaic_sources
    from imfmap.fractures.measures import measure
    from imfmap.fractures.orientations import directions
    from imfmap.fractures.polygons import vectorise
    from imfmap.fractures.pond_candidates import PondRule, candidate_ponds
    from imfmap.fractures.shadow_depth import shadow_depths
    from imfmap.maps.image_facts import PRODUCTS_TAG, ImageFacts
    from imfmap.maps.probability_raster import CODES, create_probability
    from imfmap.maps.rasters import write_raster
    from imfmap.products.tables import write_profiles
    from imfmap.products.viewer.payload import features

    grid, probability, sources = grid_of(*mask.shape), folder / "probability.tif", folder / "sources.tif"
    with create_probability(probability, grid) as dataset:
        dataset.write(np.where(mask, CODES, 0).astype(np.uint8), 1)
    write_raster(sources, np.ones(mask.shape, np.uint8), grid, nodata=0, tags={PRODUCTS_TAG: "M1LE"})
    facts = ImageFacts("M1LE", "2010-01-01T00:00:00", 100.0, 60.0, 1.0, 60.0, 1.0, "native")
    write_raster(folder / "M1LE.tif", np.where(mask, 0.001, 0.05).astype(np.float32), grid, np.nan, facts.tags())
    left, bottom, right, top = grid.bounds
    floor = shapely.Point((left + right) / 2, (bottom + top) / 2).buffer((right - left) / 3)
    floor = geopandas.GeoDataFrame(geometry=[floor], crs=grid.crs)
    seam = geopandas.GeoDataFrame(geometry=[shapely.LineString([(left, bottom), (right, top)])], crs=grid.crs)

    def work():
        fractures, lines = measure(vectorise(probability, 0.5, window_px=256), probability)
        mosaic_sources(fractures, grid, sources)
        shadow_depths(fractures, lines, grid, [folder / "M1LE.tif"])
        filter_fractures(fractures, 0, seam, floor)
        candidate_ponds(fractures, grid, PondRule(), floor)
        directions(lines, grid)
        write_profiles(folder / "profiles.csv", lines)
        write_as_labels(fractures, folder / "draft.gpkg", WIDTHS, RESOLUTION_M)
        features(fractures, grid)

    return work


def _of_mask(pattern):
    def case(number: int, folder: Path) -> Work:
        return mapped(pattern(round(number**0.5)), folder)

    case.__doc__ = f"{pattern.__doc__.split(': ', 1)[1].splitlines()[0].rstrip('.')}: pixels"
    return case


def fractures_of(number: int, scattered: bool = True) -> geopandas.GeoDataFrame:
    """Return small fractures with their measures: over a map, or all in one place."""
    rng = np.random.default_rng(SEED)
    side = 40 * RESOLUTION_M * number**0.5 if scattered else 200 * RESOLUTION_M
    x, y = rng.uniform(0, side, (2, number))
    frame = geopandas.GeoDataFrame(geometry=shapely.box(x, y, x + 60, y + 6), crs=CRS)
    frame["fracture"] = np.arange(1, number + 1)
    frame = frame.assign(area_m2=360.0, length_m=60.0, total_length_m=60.0, mean_width_m=6.0, max_width_m=6.0)
    return frame.assign(orientation_deg=90.0, sinuosity=1.0, confidence=0.9, group=1, lon_deg=20.0, lat_deg=10.0)


def ponds(number: int, folder: Path) -> Work:
    """Fractures, among as many known ponds: fractures"""
    from imfmap.fractures.accept import filter_fractures
    from imfmap.fractures.pond_candidates import PondRule, candidate_ponds, outside_fractures

    frame = fractures_of(number)
    left, bottom, right, top = frame.total_bounds
    grid = MapGrid.covering(CRS, (left, bottom, right, top), RESOLUTION_M)
    rng = np.random.default_rng(SEED)
    known = shapely.points(*rng.uniform((left, bottom), (right, top), (number, 2)).T)
    floor = geopandas.GeoDataFrame(geometry=shapely.buffer(known, 15.0), crs=CRS)

    def work():
        kept, rejected = filter_fractures(frame, 150, None, floor)
        candidate_ponds(outside_fractures(kept, rejected, floor), grid, PondRule(30.0, 2, 100.0), floor)

    return work


def figure(number: int, folder: Path) -> Work:
    """Fractures in one place, on the map, in its insets and in the viewer: fractures"""
    from imfmap.fractures.orientations import rose
    from imfmap.maps.rasters import write_raster
    from imfmap.products.figures.map import MapText, map_figure
    from imfmap.products.viewer.payload import features

    grid = MapGrid.covering(CRS, (-600.0, -600.0, 1200.0, 1200.0), RESOLUTION_M)
    frame, mosaic = fractures_of(number, scattered=False), folder / "mosaic.tif"
    write_raster(mosaic, np.full(grid.shape, 100, np.uint8), grid, nodata=0)

    def work():
        map_figure(
            [folder / "map.png"], mosaic, frame, MapText("All in one place"), rose(np.array([90.0]), np.array([1.0]))
        )
        features(frame, grid)

    return work


def _labelled(labels, folder):
    from imfmap.labels.reading import check_labels, labels_to_polygons, read_labels, write_labels
    from imfmap.maps.vectors import write_vector

    grid, drawn = grid_of(1000), folder / "labels.gpkg"
    write_vector(drawn, labels)

    def work():
        check_labels(drawn, grid)
        polygons = labels_to_polygons(read_labels(drawn, grid.crs), WIDTHS, RESOLUTION_M)
        write_labels(folder / "labels.tif", polygons, grid, drawn)

    return work


def crossing_line(number: int, folder: Path) -> Work:
    """One label line that crosses itself everywhere: points of the line"""
    left, bottom, right, top = grid_of(1000).bounds
    points = np.random.default_rng(SEED).uniform((left, bottom), (right, top), (number, 2))
    frame = geopandas.GeoDataFrame({"width_class": ["small"]}, geometry=[shapely.LineString(points)], crs=CRS)
    return _labelled({"lines": frame}, folder)


def stacked_labels(number: int, folder: Path) -> Work:
    """Label lines and polygons in one place: labels"""
    left, bottom, right, top = grid_of(1000).bounds
    x, y = (left + right) / 2, (bottom + top) / 2
    shift = np.random.default_rng(SEED).uniform(-15, 15, (number, 2))
    lines = shapely.linestrings(np.stack([shift + (x - 60, y), shift[::-1] + (x + 60, y)], axis=1))
    boxes = shapely.box(*(shift + (x - 30, y - 30)).T, *(shift[::-1] + (x + 30, y + 30)).T)
    return _labelled(
        {
            "lines": geopandas.GeoDataFrame({"width_class": ["small"] * number}, geometry=lines, crs=CRS),
            "polygons": geopandas.GeoDataFrame(geometry=boxes, crs=CRS),
        },
        folder,
    )


def images(number: int, folder: Path) -> Work:
    """Images on one corner of a map of 32768 x 32768 pixels, as a mosaic: images"""
    from imfmap.maps.image_facts import ImageFacts
    from imfmap.maps.rasters import write_raster
    from imfmap.mosaic.build import mosaic

    grid, paths = grid_of(32768), []
    facts = ImageFacts.of_mosaic("M1LE", RESOLUTION_M, 90.0, 60.0)
    for index in range(number):
        paths.append(folder / f"M{index}LE.tif")
        part = grid.window(8 * (index % 100), 8 * (index // 100), 64, 64)
        tags = {**facts.tags(), **ImageFacts.of_mosaic(f"M{index}LE", RESOLUTION_M, 90.0, 60.0).tags()}
        write_raster(paths[-1], np.full(part.shape, 0.05, np.float32), part, np.nan, tags, overviews=False)
    return lambda: mosaic(paths, grid, folder / "mosaic.tif", folder / "sources.tif")


def found_images(number: int, folder: Path) -> Work:
    """Images of a place, from which a search chooses: images"""
    from imfmap.acquisition.image_choice import choose_images

    rng = np.random.default_rng(SEED)
    west, south = rng.uniform(-0.06, 0.05, number), rng.uniform(-0.3, 0.1, number)
    outlines = list(shapely.box(west, south, west + 0.02, south + 0.3))
    suns = rng.normal(size=(number, 3))
    suns /= np.linalg.norm(suns, axis=1, keepdims=True)
    place = shapely.box(-0.05, -0.05, 0.05, 0.05)
    return lambda: choose_images(outlines, place, suns, np.full(number, 1.0), 20, 0.002)


def configuration(number: int, folder: Path) -> Work:
    """Files and products that a configuration lists, at the start of a run: images"""
    from imfmap.run.config.complete import complete
    from imfmap.run.startup_checks import check_files

    place = {"lat": 10.0, "lon": 20.0, "diameter_km": 3.0, "role": "map"}
    products = [f"M{100000000 + index}LE" for index in range(number)]
    for product in products:
        (folder / f"{product}.IMG").touch()
    config = {
        "run": {"name": "bounds"},
        "models": {"net": {"zenodo": 15101175}},
        "targets": {
            "listed": {**place, "products": products},
            "files": {**place, "edrs": [str(folder / f"{product}.IMG") for product in products]},
        },
    }
    return lambda: check_files(complete(config, "config.yaml"), [], "config.yaml", str)


def truth(number: int, folder: Path) -> Work:
    """True fractures that one mapped network covers, scored: fractures"""
    from imfmap.fractures.measures import measure
    from imfmap.fractures.polygons import vectorise
    from imfmap.maps.ground_plane import MappedGround
    from imfmap.maps.probability_raster import CODES, create_probability
    from imfmap.maps.vectors import write_vector
    from imfmap.scoring.measure_errors import truth_measures

    mask = net(round(12 * number**0.5))
    grid, probability = grid_of(*mask.shape), folder / "probability.tif"
    with create_probability(probability, grid) as dataset:
        dataset.write(np.where(mask, CODES, 0).astype(np.uint8), 1)
    left, bottom, right, top = grid.bounds
    starts = np.random.default_rng(SEED).uniform((left, bottom), (right - 20, top - 3), (number, 2))
    points = np.stack([[(x, y, 3.0), (x + 18, y, 3.0)] for x, y in starts])
    lines = geopandas.GeoDataFrame(geometry=shapely.linestrings(points), crs=grid.crs)
    shapes = lines.assign(width_m=3.0, length_m=18.0, depth_m=1.0)
    shapes.geometry = shapely.buffer(shapely.force_2d(lines.geometry), 1.5)
    write_vector(folder / "truth.gpkg", {"fractures": shapes, "centrelines": lines})
    fractures, centrelines = measure(vectorise(probability, 0.5), probability)
    ground = MappedGround(grid, np.ones(grid.shape, np.float32))
    return lambda: truth_measures(fractures, centrelines, folder / "truth.gpkg", probability, ground)


CASES: dict[str, tuple[Callable[[int, Path], Work], int]] = {
    # By name: the case, and its smallest size.
    "dots": (_of_mask(dots), 10_000),
    "checkerboard": (_of_mask(checkerboard), 40_000),
    "net": (_of_mask(net), 40_000),
    "comb": (_of_mask(comb), 250_000),
    "spiral": (_of_mask(spiral), 250_000),
    "rings": (_of_mask(rings), 40_000),
    "ponds": (ponds, 4_000),
    "figure": (figure, 2_000),
    "crossing_line": (crossing_line, 2_000),
    "stacked_labels": (stacked_labels, 2_000),
    "images": (images, 250),
    "found_images": (found_images, 1_000),
    "configuration": (configuration, 2_500),
    "truth": (truth, 1_000),
}


def main(name: str, number: int, folder: Path) -> None:
    """Run a case, and print its processor time as JSON."""
    work = CASES[name][0](number, folder)
    started = time.process_time()
    work()
    json.dump({"work_s": time.process_time() - started}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
