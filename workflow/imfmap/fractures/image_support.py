"""Find the images that show a fracture, and the direction of sunlight in them."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rasterio.features import rasterize
from tqdm import tqdm

from ..core.errors import InputError
from ..maps.alignment import offset_on
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG, ImageFacts, facts_of
from ..maps.image_layers import FilledBlocks
from ..maps.probability_raster import CODES, NODATA
from ..maps.rasters import open_raster, read_window

BLOCK_PX = 2048
_MAP = "the fractures' map"
# An image covers a fracture where it has data on this share of it.
COVER_SHARE = 0.5
# A mosaic's source counts where it holds this share of a fracture.
SOURCE_SHARE = 0.1


def agreeing_images(
    fractures: gpd.GeoDataFrame,
    grid: MapGrid,
    probability_paths: Sequence[str | Path],
    image_paths: Sequence[str | Path],
    threshold: float,
) -> pd.DataFrame:
    """Find the images that cover each fracture, and those among them that agree: they show it without the others.

    An image covers a fracture if it has data on at least half of it. It agrees if the mean of its own probability on
    the fracture reaches the threshold of the map. If no image agrees, the fused probability comes from several unsure
    images: then the image with the highest mean is named.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        Polygons along the pixels of the grid.
    grid : MapGrid
        Grid of the map.
    probability_paths, image_paths : list of path
        Probability and projected image of each product, in the same order.
    threshold : float
        Lowest mean probability of an image that agrees, 0..1.

    Returns
    -------
    pandas.DataFrame
        One row per fracture: ``products``, ids joined by commas, the highest mean first; ``images_seen`` and
        ``images_agreed``, the numbers of images that cover it and that agree; ``incidence_deg`` and
        ``sun_azimuth_north_deg`` (towards the Sun, clockwise from north at the fracture) of the first product;
        ``incidences_deg`` and ``sun_azimuths_north_deg`` of all products, as text. If no image covers a fracture, its
        texts are empty and its angles NaN.

    Raises
    ------
    InputError
        If a probability raster lies on other pixels than the grid, or an image lacks its tags.
    """
    facts = [facts_of(path) for path in image_paths]
    shape = (len(probability_paths), len(fractures))
    pixels, total, seen = np.zeros(len(fractures)), np.zeros(shape), np.zeros(shape)
    with ExitStack() as stack:
        datasets = [stack.enter_context(open_raster(path)) for path in probability_paths]
        offsets = [offset_on(dataset, grid, _MAP) for dataset in datasets]
        filled = [FilledBlocks(dataset) for dataset in datasets]
        for chosen, labels, row, column in _blocks(fractures, grid):
            # Only a few pixels belong to fractures: work on these alone.
            drawn = np.flatnonzero(labels)
            owners = labels.ravel()[drawn]
            pixels[chosen] += _sums(owners, len(chosen))
            for number, (dataset, offset) in enumerate(zip(datasets, offsets, strict=True)):
                top, left = row - offset[0], column - offset[1]
                bottom, right = min(top + labels.shape[0], dataset.height), min(left + labels.shape[1], dataset.width)
                if not filled[number].any(max(top, 0), bottom, max(left, 0), right):
                    continue
                codes = read_window(dataset, top, left, *labels.shape, fill=NODATA).ravel()[drawn]
                valid = codes != NODATA
                if valid.any():
                    seen[number, chosen] += _sums(owners, len(chosen), valid)
                    total[number, chosen] += _sums(owners, len(chosen), np.where(valid, codes, 0) / CODES)
    covers = (seen > 0) & (seen >= COVER_SHARE * pixels)
    mean = np.where(covers, total / np.maximum(seen, 1), -1.0)
    # Less half a code, since the map's threshold is rounded to a code.
    agrees = covers & (mean >= threshold - 0.5 / CODES)
    named = agrees | (covers & ~agrees.any(axis=0) & (mean == mean.max(axis=0, initial=-1.0)))
    return _support_columns(fractures, grid, facts, named, mean, covers.sum(axis=0), agrees.sum(axis=0))


def mosaic_sources(
    fractures: gpd.GeoDataFrame, grid: MapGrid, sources_path: str | Path, image_paths: Sequence[str | Path] = ()
) -> pd.DataFrame:
    """Find the images from which a mosaic took the pixels of each fracture.

    Parameters
    ----------
    fractures, grid
        As for `agreeing_images`.
    sources_path : path
        Raster of source images that `build.mosaic` wrote.
    image_paths : list of path
        Projected images; without them (a finished mosaic) the angles of sunlight are NaN.

    Returns
    -------
    pandas.DataFrame
        As of `agreeing_images`. ``products`` are the images that hold at least `SOURCE_SHARE` of a fracture, the
        largest share first. A mosaic has only one probability, so ``images_agreed`` equals ``images_seen``.

    Raises
    ------
    InputError
        If the raster of sources lacks its tag, or lies on other pixels than the grid.
    """
    with open_raster(sources_path) as dataset:
        products = dataset.tags().get(PRODUCTS_TAG)
        if not products:
            raise InputError(sources_path, f"has no tag {PRODUCTS_TAG}", "make the mosaic again with this workflow")
        products = products.split(",")
        share = np.zeros((len(products), len(fractures)))
        offset = offset_on(dataset, grid, _MAP)
        for chosen, labels, row, column in _blocks(fractures, grid):
            source = read_window(dataset, row - offset[0], column - offset[1], *labels.shape, fill=0)
            # Count the pairs of fracture and source in one go.
            keys = labels.astype(np.int64) * (len(products) + 1) + np.minimum(source, len(products))
            counts = np.bincount(keys[labels > 0], minlength=(len(chosen) + 1) * (len(products) + 1))
            share[:, chosen] += counts.reshape(-1, len(products) + 1)[1:, 1:].T
    share /= np.maximum(share.sum(axis=0), 1)
    named = share >= SOURCE_SHARE
    known = {facts.product: facts for facts in map(facts_of, image_paths)}
    facts = [known.get(product) or _facts_without_angles(product) for product in products]
    return _support_columns(fractures, grid, facts, named, share, named.sum(axis=0), named.sum(axis=0))


def _facts_without_angles(product):
    return ImageFacts.of_mosaic(product, np.nan)


def _blocks(fractures, grid):
    """Yield the blocks of the map that hold fractures.

    Yields
    ------
    chosen : ndarray
        Indices of the block's fractures.
    labels : ndarray
        int32 (rows, columns): 1 + place in `chosen` of the fracture on each pixel, 0 elsewhere.
    row, column : int
        First pixel of the block.
    """
    geometries = fractures.geometry.values
    tree = shapely.STRtree(geometries)
    for row, column, block in tqdm(list(grid.blocks(BLOCK_PX)), desc="images", unit="block", mininterval=1):
        chosen = np.sort(tree.query(shapely.box(*block.bounds)))
        if len(chosen):
            shapes = ((geometries[index], number) for number, index in enumerate(chosen, start=1))
            yield chosen, rasterize(shapes, block.shape, transform=block.transform, dtype="int32"), row, column


def _sums(labels, count, weights=None):
    """Return the sum of weights (by default the number of pixels) of each of the labels 1..count."""
    weights = weights if weights is None else weights.astype(float)
    return np.bincount(labels, weights, minlength=count + 1)[1:]


def _support_columns(fractures, grid, facts, named, worth, seen, agreed):
    """Return the table of `agreeing_images`.

    `named` and `worth` are (images, fractures): whether an image is among the products, and the number that they are
    sorted by. `seen` and `agreed` are (fractures,).
    """
    middles = shapely.get_coordinates(shapely.centroid(fractures.geometry.values))
    jacobians = grid.ground_jacobians(*grid.rowcol(*middles.T)) if len(middles) else np.zeros((0, 2, 2))
    turn = np.radians([image.sun_azimuth_deg for image in facts])
    east, north = np.einsum("nij,kj->ikn", jacobians, np.stack([np.sin(turn), np.cos(turn)], axis=-1).reshape(-1, 2))
    azimuth = np.degrees(np.arctan2(east, north)) % 360.0
    rows = []
    for number in range(len(fractures)):
        order = np.flatnonzero(named[:, number])
        order = order[np.argsort(-worth[order, number], kind="stable")]
        light = [(facts[image].incidence_deg, azimuth[image, number]) for image in order]
        known = [angles for angles in light if np.isfinite(angles).all()]
        rows.append(
            (
                ",".join(facts[image].product for image in order),
                *(light[0] if light else (np.nan, np.nan)),
                *(",".join(f"{angles[which]:.1f}" for angles in known) for which in (0, 1)),
            )
        )
    names = ("products", "incidence_deg", "sun_azimuth_north_deg", "incidences_deg", "sun_azimuths_north_deg")
    table = pd.DataFrame(rows, columns=names).astype({"incidence_deg": float, "sun_azimuth_north_deg": float})
    table.insert(1, "images_seen", np.asarray(seen, int))
    table.insert(2, "images_agreed", np.asarray(agreed, int))
    return table
