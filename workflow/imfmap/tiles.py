"""Tiles: square pieces of one projected image with its mask, in the orientation that the recipe wants.

Recipe `paper` cuts tiles along the map's rows and columns and adds quarter turns (Le Corre et al. 2025). Recipe
`imfmap` cuts them in the Sun-aligned frame, so that the Sun is always on the left.

Where a tile lies is said the same way for both: `row` and `column` are the map pixel under its pixel (0, 0), and
`turn_deg` is how far its content is turned clockwise against the map.
"""

import logging
from dataclasses import asdict, dataclass

import numpy as np
import pandas

from .cutting import map_pieces, quarter_turns, stride_of, sun_pieces
from .errors import InputError
from .grids import MapGrid
from .products import ImageFacts
from .rasters import open_raster, read_window, replacing
from .sunframe import LEFT_DEG, SunFrame

RECIPES = ("paper", "imfmap")
SETS = ("train", "validation")

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
        I/F (rows, columns), NaN where there is no data.
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
        Recipe `paper`: add tiles with labels turned by 90, 180 and 270 degrees. Recipe `imfmap` takes no turns.
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
    if recipe not in RECIPES:
        raise InputError("recipe", f"unknown recipe '{recipe}'", f"use one of {', '.join(RECIPES)}")
    if not 0 <= overlap < 1:
        raise InputError("overlap", f"{overlap} is no share of a tile", "give 0 <= overlap < 1")
    stride = stride_of(size_px, overlap)
    cut = map_pieces if recipe == "paper" else sun_pieces
    layers = {"image": image, "mask": mask}
    if truth is not None:
        layers["truth"] = truth
    pieces = []
    for number, piece in enumerate(cut(layers, facts, size_px, stride)):
        share = piece["valid"].mean()
        if share > 0 and share >= min_valid_fraction:
            place = {"row": piece["row"] + origin[0], "column": piece["column"] + origin[1]}
            pieces.append({"tile": number, **piece, **place})
    if recipe == "paper" and rotate:
        pieces = [turned for piece in pieces for turned in quarter_turns(piece, size_px)]
    kinds = dict.fromkeys((*layers, "valid"), np.uint8) | {"tile": np.int32}
    kinds |= dict.fromkeys(("row", "column", "turn_deg"), np.float64)
    arrays = {name: np.array([piece[name] for piece in pieces], kind) for name, kind in kinds.items()}
    if not pieces:
        arrays |= {name: np.empty((0, size_px, size_px), np.uint8) for name in (*layers, "valid")}
    return Tiles(**arrays, target=target, recipe=recipe, resolution_m=float(resolution_m), facts=facts)


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
        Rasters on one grid: I/F with the image's facts as tags; 0/1 labels; truth classes.
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
    with open_raster(projected_path) as dataset:
        window = _footprint(dataset, stride_of(size_px, overlap))
        image = read_window(dataset, *window, fill=np.nan)
        facts, grid = ImageFacts.from_tags(dataset.tags(), projected_path), MapGrid.of(dataset)
    layers = {}
    for name, path in (("mask", label_raster_path), ("truth", truth_path)):
        if path is None:
            continue
        with open_raster(path) as dataset:
            if dataset.shape != grid.shape or not np.allclose(dataset.transform, grid.transform):
                raise InputError(path, f"is not on the grid of {projected_path}", "make both with the same target")
            layers[name] = read_window(dataset, *window)
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
        origin=window[:2],
        **layers,
    )
    if not np.isfinite(image).any():
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


def split_tiles(tile_paths, out_path, validation_fraction=0.2, seed=0):
    """Draw which tiles train and which validate, and write it as a table.

    The paper splits 4:1 by tile. Turned copies of a tile go where the tile goes (the paper's counts of tiles with
    fractures are both multiples of four), so that no tile validates what its own copy has trained.

    Parameters
    ----------
    tile_paths : list of path
        Files of `write_tiles`.
    out_path : path
        CSV with columns target, product, tile, set ("train" or "validation"), sorted.
    validation_fraction : float
        Share of the tiles with labels, and of those without, that validate.
    seed : int

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        Where there are too few tiles to have one in each set.
    """
    rows = set()
    for path in tile_paths:
        tiles = read_tiles(path)
        labelled = tiles.mask.any(axis=(1, 2))
        rows |= {
            (tiles.target, tiles.facts.product, int(tile), bool(has))
            for tile, has in zip(tiles.tile, labelled, strict=True)
        }
    table = pandas.DataFrame(sorted(rows), columns=["target", "product", "tile", "labelled"])
    generator = np.random.default_rng(seed)
    table["set"] = "train"
    for _, group in table.groupby("labelled"):
        drawn = generator.permutation(group.index)[: round(validation_fraction * len(group))]
        table.loc[drawn, "set"] = "validation"
    if set(table.set[table.labelled]) != set(SETS):
        raise InputError(
            out_path,
            f"{int(table.labelled.sum())} tiles with labels cannot be split into {' and '.join(SETS)}",
            "give more images, more overlap or smaller tiles",
        )
    table = table.drop(columns="labelled")
    with replacing(out_path) as temporary:
        table.to_csv(temporary, index=False)
    return table


def _footprint(dataset, stride):
    """Window (row, column, rows, columns) around an image's data, beginning at a whole number of strides.

    An image covers little of a large target; the coarsest overview, which has data wherever a pixel below it has,
    tells where.
    """
    factor = (dataset.overviews(1) or [1])[-1]
    coarse = np.isfinite(dataset.read(1, out_shape=tuple(-(-extent // factor) for extent in dataset.shape)))
    starts, sizes = [], []
    for axis, extent in enumerate(dataset.shape):
        seen = np.flatnonzero(coarse.any(1 - axis))
        first, last = (seen[0] * factor, (seen[-1] + 1) * factor) if len(seen) else (0, 1)
        starts.append(int(first) // stride * stride)
        sizes.append(min(int(last), extent) - starts[-1])
    return *starts, *sizes
