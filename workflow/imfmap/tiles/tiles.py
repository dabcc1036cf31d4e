"""Tiles: square pieces of one projected image with its mask, in the orientation of the recipe.

Recipe `paper` cuts tiles along the map's rows and columns and adds quarter turns (Le Corre et al. 2025). Recipe
`sun_aligned` cuts them in the Sun-aligned frame, so that the Sun is always on the left.

In both recipes `row` and `column` of a tile are the map pixel under its pixel (0, 0), and `turn_deg` is the clockwise
turn of its content against the map.
"""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core.choices import RECIPES
from ..core.errors import InputError
from ..core.files import replacing
from ..maps.alignment import check_same_pixels
from ..maps.grids import MapGrid
from ..maps.image_facts import PRODUCTS_TAG, ImageFacts
from ..maps.rasters import open_raster, read_window
from .cutting import map_pieces, quarter_turns, stride_of, sun_pieces, without_unlabelled
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
        uint8 (N, S, S), 1 where the image has data and a person has looked for fractures.
    tile : ndarray
        int32 (N,), number of the tile's place in the image; turned copies share it.
    row, column : ndarray
        float64 (N,), map pixel under the tile's pixel (0, 0).
    turn_deg : ndarray
        float64 (N,), clockwise turn of the content against the map, 0..360.
    target, recipe : str
    resolution_m : float
    facts : ImageFacts
    truth : ndarray or None
        uint8 (N, S, S), classes of the exact truth, if it is known.
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

    def map_rowcol(self, index: int, i: ArrayLike, j: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return map row, column of pixels (i down, j right) of one tile; arrays broadcast."""
        frame = SunFrame(LEFT_DEG - self.turn_deg[index], self.row[index], self.column[index])
        return frame.to_map(i, j)


def tiling(settings: Mapping[str, Any], training: bool) -> dict[str, Any]:
    """Return how a target's tiles are cut: tiles for training overlap and are turned, tiles for scores do not.

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
    image: np.ndarray,
    mask: np.ndarray,
    facts: ImageFacts,
    resolution_m: float,
    *,
    recipe: str,
    size_px: int,
    overlap: float,
    rotate: bool,
    target: str,
    truth: np.ndarray | None = None,
    min_valid_fraction: float = 0.0,
    origin: tuple[int, int] = (0, 0),
) -> Tiles:
    """Cut the tiles of an image in memory.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN for no data; recipe `paper` also takes uint8, 0 for no data.
    mask : ndarray
        uint8 (rows, columns), 1 where a label lies, `truth_classes.NOT_LABELLED` where nobody looked.
    facts : ImageFacts
    resolution_m : float
    recipe : str
        One of `RECIPES`.
    size_px : int
        Side of a tile.
    overlap : float
        Share of a tile's side that it has in common with its neighbour, 0 <= overlap < 1.
    rotate : bool
        Recipe `paper`: add copies of tiles with labels, turned by 90, 180 and 270 degrees. Recipe `sun_aligned` does
        not turn tiles.
    target : str
    truth : ndarray, optional
        uint8 (rows, columns), classes of the exact truth.
    min_valid_fraction : float
        Tiles with a smaller share of valid pixels are left out, and so are tiles without a valid pixel.
    origin : tuple of int
        Row and column of the arrays' first pixel on the map.

    Returns
    -------
    Tiles

    Raises
    ------
    InputError
        If the recipe is unknown, the overlap is no share, or recipe `sun_aligned` gets an 8-bit mosaic.
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
    """Yield the numbered pieces of an image that become tiles; see `tiles_of_image`."""
    if recipe not in RECIPES:
        raise InputError("recipe", f"unknown recipe '{recipe}'", f"use one of {', '.join(RECIPES)}")
    if not 0 <= overlap < 1:
        raise InputError("overlap", f"{overlap} is no share of a tile", "give 0 <= overlap < 1")
    if recipe == "sun_aligned" and layers["image"].dtype == np.uint8:
        raise InputError("tiles", "recipe sun_aligned cannot be cut from an 8-bit mosaic", "give an image with its Sun")
    cut = map_pieces if recipe == "paper" else sun_pieces
    sparse, lost_px = 0, 0
    for number, piece in enumerate(cut(layers, facts, size_px, stride_of(size_px, overlap))):
        piece = without_unlabelled(piece)
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
        message = "%s: %d tiles are left out, with %d valid label pixels, as less than %g of their pixels are valid"
        logger.info(message, facts.product, sparse, lost_px, min_valid_fraction)


def count_tiles(
    projected_path: str | Path,
    label_raster_path: str | Path,
    recipe: str,
    size_px: int,
    overlap: float,
    rotate: bool,
    *,
    min_valid_fraction: float = 0.0,
) -> tuple[int, int]:
    """Count the tiles that `cut_tiles` would cut, without keeping them.

    Parameters
    ----------
    projected_path, label_raster_path, recipe, size_px, overlap, rotate, min_valid_fraction
        See `cut_tiles`.

    Returns
    -------
    tuple of int
        Numbers of tiles with labels and of tiles without.

    Raises
    ------
    InputError
        If the rasters are on different grids.
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
    projected_path: str | Path,
    label_raster_path: str | Path,
    out_path: str | Path,
    recipe: str,
    size_px: int,
    overlap: float,
    rotate: bool,
    truth_path: str | Path | None = None,
    *,
    target: str,
    min_valid_fraction: float = 0.0,
) -> Tiles:
    """Cut the tiles of a projected image and write them.

    Parameters
    ----------
    projected_path, label_raster_path, truth_path : path
        Rasters on one grid: I/F with the image's facts as tags, or for recipe `paper` an 8-bit mosaic, whose values
        stay as they are; labels, 0 or 1; truth classes.
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
        If the rasters are on different grids, or the image has no valid pixel.
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


def write_tiles(path: str | Path, tiles: Tiles) -> None:
    """Write tiles as a compressed .npz: the arrays of `Tiles` by name, its scalars, and `fact_<name>` of the image."""
    arrays = {name: value for name, value in vars(tiles).items() if name != "facts" and value is not None}
    arrays |= {f"fact_{name}": value for name, value in asdict(tiles.facts).items()}
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def read_tiles(path: str | Path) -> Tiles:
    """Read what `write_tiles` wrote.

    Raises
    ------
    InputError
        If the file is missing or holds no tiles.
    """
    try:
        with np.load(path) as archive:
            values = {name: archive[name] if archive[name].ndim else archive[name].item() for name in archive.files}
        facts = {name.removeprefix("fact_"): values.pop(name) for name in list(values) if name.startswith("fact_")}
        return Tiles(**values, facts=ImageFacts(**facts))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(path, f"holds no tiles ({error})", "cut the tiles again") from None


def _read_layers(projected_path, paths, stride):
    """Read the part of a map that an image covers: image, facts, grid, other layers, and its row and column."""
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
    """Return where an image, or an 8-bit mosaic, has data."""
    return image > 0 if image.dtype == np.uint8 else np.isfinite(image)


def _footprint(dataset, stride):
    """Return the window (row, column, rows, columns) around an image's data; it starts at a whole number of strides.

    An image covers little of a large target. The coarsest overview has data wherever a pixel below it has data.
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
