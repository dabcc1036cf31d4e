"""Which tiles train and which validate: drawn by tile, as the paper does, or by place, so that no ground does both."""

import numpy as np
import pandas
from scipy.spatial import cKDTree

from ..core.choices import SPLITS, VALIDATION_FRACTION
from ..core.errors import InputError
from ..core.files import replacing
from .tiles import read_tiles

SETS = ("train", "validation")
# Neither trains nor validates: shares ground with a tile of the other set.
LEFT_OUT = "left out"
# Side of the patches of ground that are drawn, in tiles: the more tiles in one, the fewer are left out at its edges.
PATCH_TILES = 3


def split_tiles(tile_paths, out_path, validation_fraction=VALIDATION_FRACTION, seed=0, split_by="tile"):
    """Draw which tiles train and which validate, and write it as a table.

    The paper splits 4:1 by tile. Turned copies of a tile go where the tile goes (the paper's counts of tiles with
    fractures are both multiples of four), so that no tile validates what its own copy has trained. Tiles overlap,
    though, and images do: in the paper's way validation sees ground that was trained on. By place, square patches of
    a target's ground are drawn, with all tiles of all images whose middle lies in them; training tiles that touch a
    validation tile are left out.

    Parameters
    ----------
    tile_paths : list of path
        Files of `tiles.write_tiles`.
    out_path : path
        CSV with columns target, product, tile, set ("train", "validation" or "left out"), sorted.
    validation_fraction : float
        Share of the tiles with labels, and of those without, that validate; by place of each target's labelled tiles,
        as nearly as whole patches allow.
    seed : int
    split_by : str
        One of `choices.SPLITS`.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        For an unknown `split_by`, or where there are too few tiles to have one in each set.
    """
    if split_by not in SPLITS:
        raise InputError("split", f"unknown value '{split_by}'", f"use one of {', '.join(SPLITS)}")
    table, size_px = _table(tile_paths)
    generator = np.random.default_rng(seed)
    table["set"] = "train"
    if split_by == "tile":
        for _, group in table.groupby("labelled"):
            drawn = generator.permutation(group.index)[: round(validation_fraction * len(group))]
            table.loc[drawn, "set"] = "validation"
    else:
        for _, group in table.groupby("target"):
            table.loc[group.index, "set"] = _by_place(group, size_px, validation_fraction, generator)
    if set(table.set[table.labelled]) - {LEFT_OUT} != set(SETS):
        raise InputError(
            out_path,
            f"{int(table.labelled.sum())} tiles with labels cannot be split into {' and '.join(SETS)} by {split_by}",
            "give more images, more overlap or smaller tiles",
        )
    table = table[["target", "product", "tile", "set"]]
    with replacing(out_path) as temporary:
        table.to_csv(temporary, index=False)
    return table


def _table(tile_paths):
    """A line for each tile, turned copies together: where it is from, whether it has labels, its middle on the map."""
    rows, size_px = {}, 0
    for path in tile_paths:
        tiles = read_tiles(path)
        size_px = tiles.image.shape[-1]
        labelled = tiles.mask.any(axis=(1, 2))
        middle = (size_px - 1) / 2
        for index, (tile, has) in enumerate(zip(tiles.tile, labelled, strict=True)):
            row, column = tiles.map_rowcol(index, middle, middle)
            rows[(tiles.target, tiles.facts.product, int(tile))] = (bool(has), float(row), float(column))
    columns = ["target", "product", "tile", "labelled", "row", "column"]
    return pandas.DataFrame([(*key, *rows[key]) for key in sorted(rows)], columns=columns), size_px


def _by_place(group, size_px, validation_fraction, generator):
    """Sets of one target's tiles, by patches of its ground."""
    middles = group[["row", "column"]].to_numpy()
    patch = pandas.Series([tuple(place) for place in np.floor(middles / (PATCH_TILES * size_px)).astype(int)])
    labelled = group.labelled.to_numpy()
    wanted = validation_fraction * labelled.sum()
    chosen, held = set(), 0
    patches = sorted(set(patch))
    for index in generator.permutation(len(patches)):
        inside = int(labelled[(patch == patches[index]).to_numpy()].sum())
        # Take a patch as long as it brings the share nearer to what is wanted.
        if inside and abs(held + inside - wanted) < abs(held - wanted):
            chosen.add(patches[index])
            held += inside
    validates = patch.isin(chosen).to_numpy()
    sets = np.where(validates, "validation", "train").astype(object)
    if validates.any():
        # Turned tiles reach as far as half their diagonal.
        distance = cKDTree(middles[validates]).query(middles)[0]
        sets[~validates & (distance < np.sqrt(2.0) * size_px)] = LEFT_OUT
    return sets
