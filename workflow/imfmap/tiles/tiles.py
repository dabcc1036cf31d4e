"""Tiles: square pieces of one projected image with its mask, in the orientation that the recipe wants.

Recipe `paper` cuts tiles along the map's rows and columns and adds quarter turns (Le Corre et al. 2025). Recipe
`sun_aligned` cuts them in the Sun-aligned frame, so that the Sun is always on the left.

Where a tile lies is said the same way for both: `row` and `column` are the map pixel under its pixel (0, 0), and
`turn_deg` is how far its content is turned clockwise against the map.
"""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..core.choices import RECIPES
from ..core.errors import InputError
from ..core.files import replacing
from ..maps.alignment import check_same_pixels
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG, ImageFacts
from ..maps.rasters import open_raster, read_window
from .cutting import map_pieces, quarter_turns, stride_of, sun_pieces
from .sun_frame import LEFT_DEG, SunFrame

logger = logging.getLogger(__name__)


@dataclass
class Tiles:
    """Tiles of one image.

    Attributes
    ----------
    image : ndarray
        uint8 (N, S, S), 0 where there is no data.
    mask : ndarray
        uint8 (N, S, S), 1 where a label lies.
    valid : ndarray
        uint8 (N, S, S), 1 where the image has data.
    tile : ndarray
        int32 (N,), number of the place in the image; turned copies share it.
    row, column : ndarray
        float64 (N,), map pixel under the tile's pixel (0, 0).
    turn_deg : ndarray
        float64 (N,), clockwise turn of the content against the map, 0..360.
    target, recipe : str
    resolution_m : float
    facts : ImageFacts
    truth : ndarray or None
        uint8 (N, S, S), classes of the exact truth, where it is known.
    """

    image: np.ndarray
    mask: np.ndarray
    valid: np.ndarray
    tile: np.ndarray
    row: np.ndarray
    column: np.ndarray
    turn_deg: np.ndarray
    target: str
    recipe: str
    resolution_m: float
    facts: ImageFacts
    truth: np.ndarray | None = None

    def __len__(self):
        return len(self.image)

    def map_rowcol(self, index, i, j):
        """Map row, column of pixels (i down, j right) of one tile; arrays broadcast."""
        frame = SunFrame(LEFT_DEG - self.turn_deg[index], self.row[index], self.column[index])
        return frame.to_map(i, j)


def tiling(settings, training):
    """How a target's tiles are cut: to train on, they overlap and are turned; to be scored, neither.

    Parameters
    ----------
    settings : mapping
        The config's `tiles`.
    training : bool
        Whether the target trains (Le Corre et al. 2025: Tr and Va1) or is scored (Va2, Te).

    Returns
    -------
    dict
        `size_px`, `overlap`, `rotate` and `min_valid_fraction` of `cut_tiles` and `count_tiles`.
    """
    overlap = settings["overlap"] if training else 0.0
    return {
        "size_px": settings["size_px"],
        "overlap": overlap,
        "rotate": training and settings["quarter_turns"],
        "min_valid_fraction": settings["min_valid_fraction"],
    }


def tiles_of_image(
    image,
    mask,
    facts,
    resolution_m,
    *,
    recipe,
    size_px,
    overlap,
    rotate,
    target,
    truth=None,
    min_valid_fraction=0.0,
    origin=(0, 0),
):
    """Cut the tiles of an image in memory.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN where there is no data; recipe `paper` also takes uint8, 0 where there is none.
    mask : ndarray
        uint8 (rows, columns), 1 where a label lies.
    facts : ImageFacts
    resolution_m : float
    recipe : str
        One of `RECIPES`.
    size_px : int
        Side of a tile.
    overlap : float
        Share of a tile's side that it has in common with its neighbour, 0 <= overlap < 1.
    rotate : bool
        Recipe `paper`: add tiles with labels turned by 90, 180 and 270 degrees. Recipe `sun_aligned` takes no turns.
    target : str
    truth : ndarray, optional
        uint8 (rows, columns), classes of the exact truth.
    min_valid_fraction : float
        Tiles with a smaller share of valid pixels are left out; those without any always are.
    origin : tuple of int
        Row, column on the map of the arrays' first pixel.

    Returns
    -------
    Tiles

    Raises
    ------
    InputError
        For an unknown recipe or an overlap that is no share.
    """
    layers = {"image": image, "mask": mask}
    if truth is not None:
        layers["truth"] = truth
    pieces = list(_pieces(layers, facts, recipe, size_px, overlap, rotate, min_valid_fraction, origin))
    kinds = dict.fromkeys((*layers, "valid"), np.uint8) | {"tile": np.int32}
    kinds |= dict.fromkeys(("row", "column", "turn_deg"), np.float64)
    arrays = {name: np.array([piece[name] for piece in pieces], kind) for name, kind in kinds.items()}
    if not pieces:
        arrays |= {name: np.empty((0, size_px, size_px), np.uint8) for name in (*layers, "valid")}
    return Tiles(**arrays, target=target, recipe=recipe, resolution_m=float(resolution_m), facts=facts)


def _pieces(layers, facts, recipe, size_px, overlap, rotate, min_valid_fraction, origin):
    """Numbered pieces of an image that make tiles; see `tiles_of_image`."""
    if recipe not in RECIPES:
        raise InputError("recipe", f"unknown recipe '{recipe}'", f"use one of {', '.join(RECIPES)}")
    if not 0 <= overlap < 1:
        raise InputError("overlap", f"{overlap} is no share of a tile", "give 0 <= overlap < 1")
    if recipe == "sun_aligned" and layers["image"].dtype == np.uint8:
        raise InputError("tiles", "recipe sun_aligned cannot be cut from an 8-bit mosaic", "give an image with its Sun")
    cut = map_pieces if recipe == "paper" else sun_pieces
    sparse, lost_px = 0, 0
    for number, piece in enumerate(cut(layers, facts, size_px, stride_of(size_px, overlap))):
        share = piece["valid"].mean()
        if not (share > 0 and share >= min_valid_fraction):
            sparse += bool(share > 0)
            lost_px += int((piece["mask"] & piece["valid"]).sum())
            continue
        place = {"row": piece["row"] + origin[0], "column": piece["column"] + origin[1]}
        piece = {"tile": number, **piece, **place}
        if recipe == "paper" and rotate:
            yield from quarter_turns(piece, size_px)
        else:
            yield piece
    if sparse:
        what = "%s: %d tiles with less than %g of their pixels valid are left out, %d label pixels on data with them"
        logger.info(what, facts.product, sparse, min_valid_fraction, lost_px)


def count_tiles(projected_path, label_raster_path, recipe, size_px, overlap, rotate, *, min_valid_fraction=0.0):
    """Count the tiles that `cut_tiles` would cut, without keeping them.

    Parameters
    ----------
    projected_path, label_raster_path, recipe, size_px, overlap, rotate, min_valid_fraction
        See `cut_tiles`.

    Returns
    -------
    tuple of int
        Tiles with a label in them, and tiles without.

    Raises
    ------
    InputError
        Where the rasters are on different grids.
    """
    image, facts, _, layers, origin = _read_layers(
        projected_path, {"mask": label_raster_path}, stride_of(size_px, overlap)
    )
    counts = [0, 0]
    layers = {"image": image, **layers}
    for piece in _pieces(layers, facts, recipe, size_px, overlap, rotate, min_valid_fraction, origin):
        counts[0 if piece["mask"].any() else 1] += 1
    return tuple(counts)


def cut_tiles(
    projected_path,
    label_raster_path,
    out_path,
    recipe,
    size_px,
    overlap,
    rotate,
    truth_path=None,
    *,
    target,
    min_valid_fraction=0.0,
):
    """Cut the tiles of a projected image and write them.

    Parameters
    ----------
    projected_path, label_raster_path, truth_path : path
        Rasters on one grid: I/F with the image's facts as tags, or for recipe `paper` an 8-bit mosaic, whose values
        stay as they are; 0/1 labels; truth classes.
    out_path : path
        The .npz to write; see `write_tiles`.
    recipe, size_px, overlap, rotate, target, min_valid_fraction
        See `tiles_of_image`.

    Returns
    -------
    Tiles

    Raises
    ------
    InputError
        Where the rasters are on different grids, or the image has no valid pixel.
    """
    paths = {"mask": label_raster_path} | ({"truth": truth_path} if truth_path is not None else {})
    image, facts, grid, layers, origin = _read_layers(projected_path, paths, stride_of(size_px, overlap))
    tiles = tiles_of_image(
        image,
        facts=facts,
        resolution_m=grid.resolution_m,
        recipe=recipe,
        size_px=size_px,
        overlap=overlap,
        rotate=rotate,
        target=target,
        min_valid_fraction=min_valid_fraction,
        origin=origin,
        **layers,
    )
    if not _valid(image).any():
        raise InputError(projected_path, "gives no tile: it has no valid pixel on the target's grid")
    if not len(tiles):
        logger.warning("%s gives no tile with %g of its pixels valid", projected_path, min_valid_fraction)
    write_tiles(out_path, tiles)
    return tiles


def write_tiles(path, tiles):
    """Write tiles as a compressed .npz: the arrays of `Tiles` by name, its scalars, and `fact_<name>` of the image."""
    arrays = {name: value for name, value in vars(tiles).items() if name != "facts" and value is not None}
    arrays |= {f"fact_{name}": value for name, value in asdict(tiles.facts).items()}
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def read_tiles(path):
    """Read what `write_tiles` wrote.

    Raises
    ------
    InputError
        Where the file is missing or holds no tiles.
    """
    try:
        with np.load(path) as archive:
            values = {name: archive[name] if archive[name].ndim else archive[name].item() for name in archive.files}
        facts = {name.removeprefix("fact_"): values.pop(name) for name in list(values) if name.startswith("fact_")}
        return Tiles(**values, facts=ImageFacts(**facts))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(path, f"holds no tiles ({error})", "cut the tiles again") from None


def _read_layers(projected_path, paths, stride):
    """Image, facts, grid and other layers of the part of a map that an image covers, and that part's row and column."""
    with open_raster(projected_path) as dataset:
        window = _footprint(dataset, stride)
        finished = dataset.dtypes[0] == "uint8"
        image = read_window(dataset, *window, fill=0 if finished else np.nan)
        grid, tags = MapGrid.of(dataset), dataset.tags()
        if finished:
            facts = ImageFacts.of_mosaic(tags.get(PRODUCTS_TAG, Path(projected_path).stem), grid.resolution_m)
        else:
            facts = ImageFacts.from_tags(tags, projected_path)
    layers = {}
    for name, path in paths.items():
        with open_raster(path) as dataset:
            check_same_pixels(dataset, grid, projected_path)
            layers[name] = read_window(dataset, *window)
    return image, facts, grid, layers, window[:2]


def _valid(image):
    """Where an image, or an 8-bit mosaic, has data."""
    return image > 0 if image.dtype == np.uint8 else np.isfinite(image)


def _footprint(dataset, stride):
    """Window (row, column, rows, columns) around an image's data, beginning at a whole number of strides.

    An image covers little of a large target; the coarsest overview, which has data wherever a pixel below it has,
    tells where.
    """
    factor = (dataset.overviews(1) or [1])[-1]
    coarse = _valid(dataset.read(1, out_shape=tuple(-(-extent // factor) for extent in dataset.shape)))
    starts, sizes = [], []
    for axis, extent in enumerate(dataset.shape):
        seen = np.flatnonzero(coarse.any(1 - axis))
        first, last = (seen[0] * factor, (seen[-1] + 1) * factor) if len(seen) else (0, 1)
        starts.append(int(first) // stride * stride)
        sizes.append(min(int(last), extent) - starts[-1])
    return *starts, *sizes
