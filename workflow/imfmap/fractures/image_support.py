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
from ..core.open_files import open_files
from ..maps.alignment import offset_on
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG, ImageFacts, facts_of
from ..maps.image_layers import FilledBlocks
from ..maps.large_shapes import pieces_of
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
    pixels, shown = np.zeros(len(fractures)), _PairSums(len(fractures), 2)
    with ExitStack() as stack, open_files(len(probability_paths)):
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
                    seen = _sums(owners, len(chosen), valid)
                    total = _sums(owners, len(chosen), np.where(valid, codes, 0) / CODES)
                    there = seen > 0
                    shown.add(number, chosen[there], seen[there], total[there])
    image, fracture, (seen, total) = shown.sums()
    covers = seen >= COVER_SHARE * pixels[fracture]
    image, fracture, mean = image[covers], fracture[covers], total[covers] / seen[covers]
    # Less half a code, since the map's threshold is rounded to a code.
    agrees = mean >= threshold - 0.5 / CODES
    seen, agreed = (np.bincount(which, minlength=len(fractures)) for which in (fracture, fracture[agrees]))
    highest = np.full(len(fractures), -1.0)
    np.maximum.at(highest, fracture, mean)
    named = agrees | ((agreed[fracture] == 0) & (mean == highest[fracture]))
    return _support_columns(fractures, grid, facts, image[named], fracture[named], mean[named], seen, agreed)


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
        shown = _PairSums(len(fractures), 1)
        offset = offset_on(dataset, grid, _MAP)
        for chosen, labels, row, column in _blocks(fractures, grid):
            source = read_window(dataset, row - offset[0], column - offset[1], *labels.shape, fill=0)
            # Count the pairs of fracture and source in one go.
            drawn = (labels > 0) & (source > 0)
            keys = (labels[drawn].astype(np.int64) - 1) * len(products) + np.minimum(source[drawn], len(products)) - 1
            keys, count = np.unique(keys, return_counts=True)
            shown.add(keys % len(products), chosen[keys // len(products)], count)
    image, fracture, (count,) = shown.sums()
    share = count / np.maximum(np.bincount(fracture, count, len(fractures)), 1)[fracture]
    named = share >= SOURCE_SHARE
    known = {facts.product: facts for facts in map(facts_of, image_paths)}
    facts = [known.get(product) or _facts_without_angles(product) for product in products]
    image, fracture, share = image[named], fracture[named], share[named]
    seen = np.bincount(fracture, minlength=len(fractures))
    return _support_columns(fractures, grid, facts, image, fracture, share, seen, seen)


class _PairSums:
    """Sums for pairs of an image and a fracture. Most images show few of the fractures: other pairs take no memory."""

    def __init__(self, fractures, columns):
        self._fractures, self._keys = fractures, [np.zeros(0, np.int64)]
        self._values = [np.zeros((columns, 0))]

    def add(self, image, fracture, *values):
        """Add values (N,) to the pairs of one image, or of images (N,), with fractures (N,)."""
        self._keys.append(np.asarray(image, np.int64) * self._fractures + fracture)
        self._values.append(np.array(values, float))

    def sums(self):
        """Return the images (P,), the fractures (P,) and a list with the sums (P,) of each value, sorted by image."""
        keys, pair = np.unique(np.concatenate(self._keys), return_inverse=True)
        sums = [np.bincount(pair, values, len(keys)) for values in np.concatenate(self._values, axis=1)]
        return keys // max(self._fractures, 1), keys % max(self._fractures, 1), sums


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
    pieces, owner = pieces_of(fractures.geometry.values)
    tree = shapely.STRtree(pieces)
    for row, column, block in tqdm(list(grid.blocks(BLOCK_PX)), desc="images", unit="block", mininterval=1):
        near = np.sort(tree.query(shapely.box(*block.bounds)))
        if len(near):
            chosen, number = np.unique(owner[near], return_inverse=True)
            shapes = zip(pieces[near], number + 1, strict=True)
            yield chosen, rasterize(shapes, block.shape, transform=block.transform, dtype="int32"), row, column


def _sums(labels, count, weights=None):
    """Return the sum of weights (by default the number of pixels) of each of the labels 1..count."""
    weights = weights if weights is None else weights.astype(float)
    return np.bincount(labels, weights, minlength=count + 1)[1:]


def _support_columns(fractures, grid, facts, image, fracture, worth, seen, agreed):
    """Return the table of `agreeing_images`.

    `image`, `fracture` and `worth` (P,) are the pairs to name, and the number that the images are sorted by. `seen` and
    `agreed` are (fractures,).
    """
    middles = shapely.get_coordinates(shapely.centroid(fractures.geometry.values))
    jacobians = grid.ground_jacobians(*grid.rowcol(*middles.T)) if len(middles) else np.zeros((0, 2, 2))
    order = np.lexsort((image, -worth, fracture))
    image, fracture = image[order], fracture[order]
    turn = np.radians([facts[index].sun_azimuth_deg for index in image])
    east, north = np.einsum("nij,jn->in", jacobians[fracture], np.stack([np.sin(turn), np.cos(turn)]))
    azimuth = np.degrees(np.arctan2(east, north)) % 360.0
    rows = []
    count = np.bincount(fracture, minlength=len(fractures))
    for start, end in zip(np.cumsum(count) - count, np.cumsum(count), strict=True):
        of_one = image[start:end]
        light = [(facts[index].incidence_deg, angle) for index, angle in zip(of_one, azimuth[start:end], strict=True)]
        known = [angles for angles in light if np.isfinite(angles).all()]
        rows.append(
            (
                ",".join(facts[index].product for index in of_one),
                *(light[0] if light else (np.nan, np.nan)),
                *(",".join(f"{angles[which]:.1f}" for angles in known) for which in (0, 1)),
            )
        )
    names = ("products", "incidence_deg", "sun_azimuth_north_deg", "incidences_deg", "sun_azimuths_north_deg")
    table = pd.DataFrame(rows, columns=names).astype({"incidence_deg": float, "sun_azimuth_north_deg": float})
    table.insert(1, "images_seen", np.asarray(seen, int))
    table.insert(2, "images_agreed", np.asarray(agreed, int))
    return table
