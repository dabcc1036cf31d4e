"""Split of tiles into training and validation: by tile, as in the paper, or by place, so that no ground is in both."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas
from scipy.spatial import cKDTree

from ..core.choices import SPLITS, VALIDATION_FRACTION
from ..core.errors import InputError
from ..core.files import replacing
from .tiles import read_tiles

SETS = ("train", "validation")
# Set of the tiles that neither train nor validate, as they share ground with a tile of the other set.
LEFT_OUT = "left out"
# Side, in tiles, of the patches of ground that are drawn. The larger they are, the fewer tiles at edges are left out.
PATCH_TILES = 3


def split_tiles(
    tile_paths: Sequence[str | Path],
    out_path: str | Path,
    validation_fraction: float = VALIDATION_FRACTION,
    seed: int = 0,
    split_by: str = "tile",
) -> pandas.DataFrame:
    """Draw which tiles train and which validate, and write the result as a table.

    The paper splits 4:1 by tile. A tile and its turned copies are in the same set (both of the paper's counts of tiles
    with fractures are multiples of four). But tiles overlap, and images do, so validation sees ground of the training.
    By place, square patches of a target's ground are drawn; all tiles of all images whose middle lies in them validate.
    Training tiles that touch a validation tile are left out.

    Parameters
    ----------
    tile_paths : sequence of path
        Files of `tiles.write_tiles`.
    out_path : path
        CSV with columns target, product, tile, set ("train", "validation" or "left out"), sorted.
    validation_fraction : float
        Share of validation tiles, among the tiles with labels and among those without. By place: their share of each
        target's tiles with labels, as nearly as whole patches allow.
    seed : int
    split_by : str
        One of `choices.SPLITS`.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If `split_by` is unknown, or there are too few tiles with labels for both sets.
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
    """Return a row for each tile (its image, whether it has labels, its middle on the map), and the size of a tile."""
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
    """Return the sets of one target's tiles, drawn by patches of its ground."""
    middles = group[["row", "column"]].to_numpy()
    patch = pandas.Series([tuple(place) for place in np.floor(middles / (PATCH_TILES * size_px)).astype(int)])
    labelled = group.labelled.to_numpy()
    wanted = validation_fraction * labelled.sum()
    chosen, held = set(), 0
    patches = sorted(set(patch))
    for index in generator.permutation(len(patches)):
        inside = int(labelled[(patch == patches[index]).to_numpy()].sum())
        # Take a patch if it brings the number of labelled tiles nearer to the wanted one.
        if inside and abs(held + inside - wanted) < abs(held - wanted):
            chosen.add(patches[index])
            held += inside
    validates = patch.isin(chosen).to_numpy()
    sets = np.where(validates, "validation", "train").astype(object)
    if validates.any():
        # A turned tile reaches as far as half its diagonal.
        distance = cKDTree(middles[validates]).query(middles)[0]
        sets[~validates & (distance < np.sqrt(2.0) * size_px)] = LEFT_OUT
    return sets
