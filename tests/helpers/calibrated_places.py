"""Simulated places and calibrations, made without a simulator and without a network."""

import geopandas as gpd
import numpy as np
import shapely
from rasterio.features import rasterize

from imfmap.fractures.completeness import Completeness
from imfmap.labels.truth_classes import CLASSES
from imfmap.labels.width_classes import WIDTH_CLASSES
from imfmap.learning.probability_calibration import KNOTS, ProbabilityCalibration
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import MEDIAN_TAG, create_probability, encode
from imfmap.maps.rasters import write_raster
from imfmap.maps.vectors import write_vector
from imfmap.scoring.calibration_places import PlaceFiles

CRS = body("moon").projected("equirectangular", 10, 20)
SIDE_PX, PIXEL_M = 240, 1.5


def powers(*exponents, images=()):
    """Return a calibration whose curves are powers of the probability: of one image, then of the means."""
    image, *fused = (tuple((np.array(KNOTS, float) ** exponent).tolist()) for exponent in exponents)
    return ProbabilityCalibration(image, tuple(images), tuple(fused))


def write_place(folder, name, seed, suns=((90.0, 55.0), (200.0, 60.0)), fractures=8, boldness=2.5):
    """Write a place: straight fractures in any direction, and what an overconfident network would find of them.

    A network sees a fracture better the wider it is and the more its strike lies across the Sun. The logit that it
    gives is `boldness` times the one that is right.
    """
    folder = folder / name
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    grid = MapGrid.covering(CRS, (0, 0, SIDE_PX * PIXEL_M, SIDE_PX * PIXEL_M), PIXEL_M)
    middle = rng.uniform(40, SIDE_PX * PIXEL_M - 40, (fractures, 2))
    strike, length, width = (
        rng.uniform(0, np.pi, fractures),
        rng.uniform(50, 110, fractures),
        rng.uniform(3, 18, fractures),
    )
    reach = np.stack([np.sin(strike), np.cos(strike)], axis=1) * length[:, np.newaxis] / 2
    lines = [shapely.LineString([one - half, one + half]) for one, half in zip(middle, reach, strict=True)]
    shapes = [line.buffer(half, cap_style="flat") for line, half in zip(lines, width / 2, strict=True)]
    truth = np.zeros(grid.shape, np.uint8)
    if shapes:
        drawn = [(shape, CLASSES["fracture"]) for shape in shapes]
        truth = rasterize(drawn, grid.shape, transform=grid.transform, dtype="uint8")
    write_raster(folder / "truth.tif", truth, grid)
    sizes = {"width_m": width, "length_m": length}
    layers = {
        "fractures": gpd.GeoDataFrame(sizes, geometry=shapes, crs=CRS),
        "centrelines": gpd.GeoDataFrame(sizes, geometry=lines, crs=CRS),
    }
    write_vector(folder / "truth.gpkg", layers, {"fractures": "Polygon", "centrelines": "LineString"})
    images, probabilities = [], []
    for number, (azimuth_deg, incidence_deg) in enumerate(suns):
        facts = ImageFacts(
            f"M{seed}{number}L", "2010-01-01T00:00:00", azimuth_deg, incidence_deg, 0, incidence_deg, 1.0, "native"
        )
        right = np.full(grid.shape, -3.5) + rng.normal(0, 1.0, grid.shape)
        for shape, axis, size in zip(shapes, strike, width, strict=True):
            inside = rasterize([shape], grid.shape, transform=grid.transform, dtype="uint8") > 0
            across = abs(np.sin(np.radians(azimuth_deg) - axis))
            right[inside] += 1.0 + 3.0 * across + 1.2 * np.log(size / 7)
        image, probability = folder / f"{facts.product}.tif", folder / f"{facts.product}.p.tif"
        write_raster(image, np.full(grid.shape, 0.05, np.float32), grid, nodata=np.nan, tags=facts.tags())
        with create_probability(probability, grid, {MEDIAN_TAG: 0.05}) as dataset:
            dataset.write(encode(1 / (1 + np.exp(-boldness * right))), 1)
        images.append(image)
        probabilities.append(probability)
    return PlaceFiles(name, probabilities, images, folder / "truth.tif", folder / "truth.gpkg")


def completeness(constant=-1.0, scatter=0.1, most_images=4.0, fits=20):
    """Return a completeness with known chances: wide fractures across the Sun are found best."""
    rng = np.random.default_rng(1)
    coefficients = np.array([constant, 1.5, 0.0, 2.0, -0.5, 0.7])
    rows = coefficients + rng.normal(0, 0.03, (fits, len(coefficients)))
    rows[0] = coefficients
    names = (*WIDTH_CLASSES, "all")
    return Completeness(
        length=rows,
        number=rows,
        length_ratio=np.ones((fits, len(WIDTH_CLASSES))),
        number_ratio=np.ones((fits, len(WIDTH_CLASSES))),
        scatter={kind: dict.fromkeys(names, scatter) for kind in ("length", "number")},
        class_width_m=np.array([4.0, 10.0, 20.0, 37.0, 50.0]),
        class_length_m=np.array([40.0, 60.0, 90.0, 120.0, 150.0]),
        most_images=most_images,
        made_with={"threshold": 0.4, "min_area_m2": 150.0, "resolution_m": 1.5},
        places=8,
    )
