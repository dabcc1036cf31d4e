"""Which images a fracture rests on, and the light they saw it in."""

from contextlib import ExitStack

import numpy as np
import pandas as pd
import shapely
from rasterio.features import rasterize
from tqdm import tqdm

from ..core.errors import InputError
from ..maps.alignment import offset_on
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


def agreeing_images(fractures, grid, probability_paths, image_paths, threshold):
    """Images that cover a fracture, and those of them that see it by themselves.

    An image covers a fracture where it has data on at least half of it, and agrees where the mean of its own
    probability there reaches the threshold of the map. Where none does, the probability of the fused map rests on
    several that are each unsure: the surest of them is named.

    Parameters
    ----------
    fractures : geopandas.GeoDataFrame
        Polygons along the pixels of the grid.
    grid : MapGrid
        Of the map.
    probability_paths, image_paths : list of path
        Probability and projected image of each product, in the same order.
    threshold : float
        Least mean probability, 0..1.

    Returns
    -------
    pandas.DataFrame
        A row a fracture: ``products``, ids joined by commas, the surest first; ``images_seen`` and ``images_agreed``,
        numbers; ``incidence_deg`` and ``sun_azimuth_north_deg`` (towards the Sun, clockwise from north at the fracture)
        of the first product; ``incidences_deg`` and ``sun_azimuths_north_deg``, those of all products as text.
        Products and texts are empty, and the angles NaN, where no image covers a fracture.

    Raises
    ------
    InputError
        Where a probability lies on other pixels than the grid, or an image lacks its tags.
    """
    facts = [facts_of(path) for path in image_paths]
    shape = (len(probability_paths), len(fractures))
    pixels, total, seen = np.zeros(len(fractures)), np.zeros(shape), np.zeros(shape)
    with ExitStack() as stack:
        datasets = [stack.enter_context(open_raster(path)) for path in probability_paths]
        offsets = [offset_on(dataset, grid, _MAP) for dataset in datasets]
        filled = [FilledBlocks(dataset) for dataset in datasets]
        for chosen, labels, row, column in _blocks(fractures, grid):
            # Fractures are on few of the pixels.
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
    # To the half code: the map's own threshold is one of codes.
    agrees = covers & (mean >= threshold - 0.5 / CODES)
    named = agrees | (covers & ~agrees.any(axis=0) & (mean == mean.max(axis=0, initial=-1.0)))
    return _support_columns(fractures, grid, facts, named, mean, covers.sum(axis=0), agrees.sum(axis=0))


def mosaic_sources(fractures, grid, sources_path, image_paths=()):
    """Images that a mosaic took a fracture's pixels from.

    Parameters
    ----------
    fractures, grid
        As for `agreeing_images`.
    sources_path : path
        Raster that `build.mosaic` wrote.
    image_paths : list of path
        Projected images; without them (a finished mosaic) nothing is known of the light.

    Returns
    -------
    pandas.DataFrame
        As of `agreeing_images`; the images that hold at least `SOURCE_SHARE` of a fracture, the largest share first.
        All that are seen agree: there is one probability.
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
            # One count over fractures and sources together.
            keys = labels.astype(np.int64) * (len(products) + 1) + np.minimum(source, len(products))
            counts = np.bincount(keys[labels > 0], minlength=(len(chosen) + 1) * (len(products) + 1))
            share[:, chosen] += counts.reshape(-1, len(products) + 1)[1:, 1:].T
    share /= np.maximum(share.sum(axis=0), 1)
    named = share >= SOURCE_SHARE
    known = {facts.product: facts for facts in map(facts_of, image_paths)}
    facts = [known.get(product) or _unknown(product) for product in products]
    return _support_columns(fractures, grid, facts, named, share, named.sum(axis=0), named.sum(axis=0))


def _unknown(product):
    return ImageFacts.of_mosaic(product, np.nan)


def _blocks(fractures, grid):
    """Blocks of the map that hold fractures: which they are, their numbers on the pixels from 1, row and column."""
    geometries = fractures.geometry.values
    tree = shapely.STRtree(geometries)
    for row, column, block in tqdm(list(grid.blocks(BLOCK_PX)), desc="images", unit="block", mininterval=1):
        chosen = np.sort(tree.query(shapely.box(*block.bounds)))
        if len(chosen):
            shapes = ((geometries[index], number) for number, index in enumerate(chosen, start=1))
            yield chosen, rasterize(shapes, block.shape, transform=block.transform, dtype="int32"), row, column


def _sums(labels, count, weights=None):
    """Sums of weights over each of the labels 1..count."""
    weights = weights if weights is None else weights.astype(float)
    return np.bincount(labels, weights, minlength=count + 1)[1:]


def _support_columns(fractures, grid, facts, named, worth, seen, agreed):
    """The table; `named` and `worth` are (images, fractures)."""
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
