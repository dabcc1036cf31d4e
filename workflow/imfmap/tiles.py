"""Tiles: square pieces of one projected image with its mask, in the orientation that the recipe wants.

Recipe `paper` cuts tiles along the map's rows and columns and adds quarter turns (Le Corre et al. 2025). Recipe
`imfmap` cuts them in the Sun-aligned frame, so that the Sun is always on the left.

Where a tile lies is said the same way for both: `row` and `column` are the map pixel under its pixel (0, 0), and
`turn_deg` is how far its content is turned clockwise against the map.
"""

from dataclasses import asdict, dataclass

import numpy as np
import pandas

from .errors import InputError
from .products import ImageFacts
from .rasters import read_raster, replacing
from .sunframe import LEFT_DEG, SunFrame, relative_brightness, sample, sample_brightness

RECIPES = ("paper", "imfmap")
SETS = ("train", "validation")


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


def stretch_to_8bit(image):
    """Linear stretch of an image between its extremes, as `gdal_translate -scale` does.

    Parameters
    ----------
    image : ndarray
        I/F (rows, columns), NaN where there is no data.

    Returns
    -------
    ndarray
        uint8 (rows, columns), 1..255, and 0 where there is no data.
    """
    valid = np.isfinite(image)
    if not valid.any():
        return np.zeros(image.shape, np.uint8)
    low, high = float(image[valid].min()), float(image[valid].max())
    scaled = 1.0 + 254.0 * (np.where(valid, image, low) - low) / max(high - low, 1e-12)
    return np.where(valid, np.rint(scaled), 0).astype(np.uint8)


def tiles_of_image(
    image, mask, facts, resolution_m, *, recipe, size_px, overlap, rotate, target, truth=None, min_valid_fraction=0.0
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
    stride = max(1, round(size_px * (1 - overlap)))
    cut = _map_tiles if recipe == "paper" else _sun_tiles
    layers = {"image": image, "mask": mask}
    if truth is not None:
        layers["truth"] = truth
    pieces = []
    for number, piece in enumerate(cut(layers, facts, size_px, stride)):
        share = piece["valid"].mean()
        if share > 0 and share >= min_valid_fraction:
            pieces.append({"tile": number, **piece})
    if recipe == "paper" and rotate:
        pieces = [turned for piece in pieces for turned in _quarter_turns(piece, size_px)]
    shape = (0, size_px, size_px)
    arrays = {name: _stacked(pieces, name, np.uint8, shape) for name in ("image", "mask", "valid")}
    if truth is not None:
        arrays["truth"] = _stacked(pieces, "truth", np.uint8, shape)
    arrays["tile"] = _stacked(pieces, "tile", np.int32, (0,))
    for name in ("row", "column", "turn_deg"):
        arrays[name] = _stacked(pieces, name, np.float64, (0,))
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
    image, grid, tags = read_raster(projected_path)
    layers = [read_raster(path)[:2] for path in (label_raster_path, truth_path) if path]
    for path, (_, other) in zip((label_raster_path, truth_path), layers, strict=False):
        if other.shape != grid.shape or not np.allclose(other.transform, grid.transform):
            raise InputError(path, f"is not on the grid of {projected_path}", "make both with the same target")
    tiles = tiles_of_image(
        image,
        layers[0][0],
        ImageFacts.from_tags(tags, projected_path),
        grid.resolution_m,
        recipe=recipe,
        size_px=size_px,
        overlap=overlap,
        rotate=rotate,
        target=target,
        truth=layers[1][0] if truth_path else None,
        min_valid_fraction=min_valid_fraction,
    )
    if not len(tiles):
        raise InputError(projected_path, "gives no tile: it has no valid pixel on the target's grid")
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
    labelled_sets = set(table.set[table.labelled])
    if labelled_sets != set(SETS):
        raise InputError(
            out_path,
            f"{int(table.labelled.sum())} tiles with labels cannot be split into {' and '.join(SETS)}",
            "give more images, more overlap or smaller tiles",
        )
    table = table.drop(columns="labelled")
    with replacing(out_path) as temporary:
        table.to_csv(temporary, index=False)
    return table


def _map_tiles(layers, facts, size_px, stride):
    """Pieces along the map's rows and columns, from the upper left, filled with no data past the edges."""
    rows, columns = layers["image"].shape
    layers = layers | {"image": stretch_to_8bit(layers["image"])}
    for row in range(0, max(1, rows - (size_px - stride)), stride):
        for column in range(0, max(1, columns - (size_px - stride)), stride):
            piece = {"row": row, "column": column, "turn_deg": 0.0}
            for name, layer in layers.items():
                inside = layer[row : row + size_px, column : column + size_px]
                piece[name] = np.zeros((size_px, size_px), np.uint8)
                piece[name][: inside.shape[0], : inside.shape[1]] = inside
            piece["valid"] = (piece["image"] > 0).astype(np.uint8)
            yield piece


def _sun_tiles(layers, facts, size_px, stride):
    """Pieces along the Sun's direction, centred on the map, filled with no data past the edges."""
    rows, columns = layers["image"].shape
    brightness = relative_brightness(layers["image"])
    # Whole numbers, so that pixels stay where they are under a Sun along the map's axes.
    frame = SunFrame(facts.sun_azimuth_deg, rows // 2, columns // 2)
    valid_rows, valid_columns = np.flatnonzero(brightness.any(1)), np.flatnonzero(brightness.any(0))
    if not len(valid_rows):
        return
    corner_rows, corner_columns = np.meshgrid(valid_rows[[0, -1]], valid_columns[[0, -1]])
    v, u = frame.from_map(corner_rows, corner_columns)
    across = np.arange(size_px, dtype=float)
    for top in _lattice(v.min(), v.max(), size_px, stride):
        for left in _lattice(u.min(), u.max(), size_px, stride):
            row, column = frame.to_map(top + across[:, None], left + across[None, :])
            image = sample_brightness(brightness, row, column)
            if not image.any():
                continue
            piece = {"row": row[0, 0], "column": column[0, 0], "turn_deg": (LEFT_DEG - facts.sun_azimuth_deg) % 360.0}
            piece |= {"image": image, "valid": (image > 0).astype(np.uint8)}
            for name in layers.keys() - {"image"}:
                piece[name] = sample(layers[name], row, column, order=0)
            yield piece


def _lattice(low, high, size_px, stride):
    """Starts, whole numbers, of as few pieces as cover the pixels low..high, centred on them."""
    low, high = int(np.floor(low + 1e-6)), int(np.ceil(high - 1e-6))
    length = high - low + 1
    count = max(1, -(-(length - size_px) // stride) + 1)
    first = low + (length - (size_px + (count - 1) * stride)) // 2
    return first + stride * np.arange(count)


def _quarter_turns(piece, size_px):
    """The piece, and where it has labels its copies turned clockwise by 90, 180 and 270 degrees."""
    yield piece
    if not piece["mask"].any():
        return
    last = size_px - 1
    corners = {90: (last, 0), 180: (last, last), 270: (0, last)}
    for turn_deg, (down, right) in corners.items():
        turned = {name: np.rot90(value, -turn_deg // 90) for name, value in piece.items() if np.ndim(value) == 2}
        yield (
            piece
            | turned
            | {
                "row": piece["row"] + down,
                "column": piece["column"] + right,
                "turn_deg": float(turn_deg),
            }
        )


def _stacked(pieces, name, dtype, empty_shape):
    """One array of a field of all pieces."""
    return np.array([piece[name] for piece in pieces], dtype) if pieces else np.empty(empty_shape, dtype)
