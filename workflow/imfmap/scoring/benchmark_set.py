"""Count what a simulated set of images holds, from its files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import shapely

from ..core.choices import PAPER_SETS
from ..core.files import replacing
from ..labels.reading import read_labels
from ..labels.truth_classes import CLASSES
from ..labels.width_classes import WIDTH_CLASSES, width_class
from ..maps.grids import MapGrid
from ..maps.image_facts import ImageFacts
from ..maps.rasters import open_raster
from ..maps.vectors import read_vector
from ..tiles.tiles import count_tiles, tiling

# Kinds of objects beside fractures.
KINDS = ("ridge", "boulder", "crater", "trail")
_SUMMED = ("images", "tiles_with", "tiles_without", "ground_km2", "image_km2", "labels", "fractures", *WIDTH_CLASSES)
_SUMMED += tuple(f"{kind}s" for kind in KINDS)


def summarise_target(
    images: Sequence[str | Path],
    labels: str | Path,
    label_raster: str | Path,
    truth: str | Path,
    objects: str | Path,
    *,
    recipe: str,
    tiles: Mapping[str, Any],
    training: bool,
) -> dict[str, Any]:
    """Count what one simulated target holds.

    Parameters
    ----------
    images : list of path
        Projected images.
    labels, label_raster : path
        Weak labels: the file as drawn, and the raster.
    truth, objects : path
        Raster of the exact classes, and file of the exact shapes (``truth.gpkg``).
    recipe : str
        Recipe whose tiles are counted.
    tiles : mapping
        The config's `tiles`.
    training : bool
        Whether the target is for training, see `tiles.tiling`.

    Returns
    -------
    dict
        `images` (their number); `incidence_deg` and `sun_azimuth_deg` (lists, in the images' order); `tiles_with` and
        `tiles_without` (numbers of tiles with labels and without, turned copies included); `ground_km2` of the map;
        `image_km2` (sum of the images' areas); `labels` (number of lines and polygons); `fractures` (number of true
        fractures) and their number in each width class; the number of objects of each kind; and `fracture_share` of the
        map's pixels.
    """
    facts, seen_km2, counts = [], 0.0, np.zeros(2, int)
    for path in images:
        with open_raster(path) as dataset:
            facts.append(ImageFacts.from_tags(dataset.tags(), path))
            valid = sum(int(np.isfinite(dataset.read(1, window=window)).sum()) for _, window in dataset.block_windows())
            seen_km2 += valid * dataset.transform.a**2 * 1e-6
        counts += count_tiles(path, label_raster, recipe, **tiling(tiles, training))
    with open_raster(truth) as dataset:
        grid = MapGrid.of(dataset)
        broken = sum(
            int((dataset.read(1, window=window) == CLASSES["fracture"]).sum()) for _, window in dataset.block_windows()
        )
    area = shapely.box(*grid.bounds)
    fractures = read_vector(objects, "fractures", grid.crs, columns=("width_m",))
    others = read_vector(objects, "objects", grid.crs, columns=("kind",))
    widths = fractures.width_m[fractures.intersects(area)]
    classes = widths.map(width_class).value_counts()
    kinds = others.kind[others.intersects(area)].value_counts()
    pixels = grid.shape[0] * grid.shape[1]
    return {
        "images": len(images),
        "incidence_deg": [round(fact.incidence_deg, 1) for fact in facts],
        "sun_azimuth_deg": [round(fact.sun_azimuth_deg) for fact in facts],
        "tiles_with": int(counts[0]),
        "tiles_without": int(counts[1]),
        "ground_km2": round(pixels * grid.resolution_m**2 * 1e-6, 2),
        "image_km2": round(seen_km2, 2),
        "labels": len(read_labels(labels, grid.crs)),
        "fractures": len(widths),
        **{name: int(classes.get(name, 0)) for name in WIDTH_CLASSES},
        **{f"{kind}s": int(kinds.get(kind, 0)) for kind in KINDS},
        "fracture_share": round(broken / pixels, 5),
    }


def summary_table(targets: Sequence[Mapping[str, Any]]) -> pandas.DataFrame:
    """Return the summaries of targets as one table.

    Parameters
    ----------
    targets : list of dict
        `target`, `title` and `role`, together with the result of `summarise_target`.

    Returns
    -------
    pandas.DataFrame
        Columns `set`, `target`, `title` and the counts. One line per target, in the paper's order of sets. Each set
        ends with a line of its sums, in which `target` is empty.
    """
    lines = []
    for role, name in PAPER_SETS.items():
        members = [target for target in targets if target["role"] == role]
        if not members:
            continue
        total = {"set": name, "target": "", "title": "all"}
        for target in members:
            lines.append({"set": name} | {key: value for key, value in target.items() if key != "role"})
        total |= {key: sum(target[key] for target in members) for key in _SUMMED}
        for key in ("incidence_deg", "sun_azimuth_deg"):
            total[key] = [value for target in members for value in target[key]]
        ground = sum(target["ground_km2"] for target in members)
        share = sum(target["fracture_share"] * target["ground_km2"] for target in members) / ground
        lines.append(total | {"fracture_share": round(share, 5)})
    return pandas.DataFrame(lines)


def write_summary(table: pandas.DataFrame, csv_path: str | Path, markdown_path: str | Path) -> None:
    """Write a `summary_table` as CSV for programs and as Markdown for people."""
    flat = table.copy()
    for key in ("incidence_deg", "sun_azimuth_deg"):
        flat[key] = [" ".join(f"{value:g}" for value in values) for values in table[key]]
    with replacing(csv_path) as temporary:
        flat.round(5).to_csv(temporary, index=False)
    with replacing(markdown_path) as temporary:
        temporary.write_text(_markdown(table))


def _markdown(table):
    head = (
        "set", "target", "images", "incidence, deg", "tiles with / without IMFs", "ground km2", "images km2", "labels",
        "fractures", *WIDTH_CLASSES, *(f"{kind}s" for kind in KINDS), "fracture pixels",
    )  # fmt: skip
    lines = [head, ["---"] * len(head)]
    for row in table.to_dict("records"):
        incidence = sorted(row["incidence_deg"])
        whole = not row["target"]
        cells = [
            row["set"],
            row["title"].replace("|", "\\|"),
            row["images"],
            f"{incidence[0]:.0f}-{incidence[-1]:.0f}" if whole or len(incidence) > 5 else _listed(incidence),
            f"{row['tiles_with']} / {row['tiles_without']}",
            f"{row['ground_km2']:.1f}",
            f"{row['image_km2']:.1f}",
            row["labels"],
            row["fractures"],
            *(row[name] for name in WIDTH_CLASSES),
            *(row[f"{kind}s"] for kind in KINDS),
            f"{100 * row['fracture_share']:.2f} %",
        ]
        lines.append([f"**{cell}**" for cell in cells] if whole else cells)
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _listed(values):
    return ", ".join(f"{value:.0f}" for value in values)
