"""Our map of a place beside one that was published: what both have, and what one has alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..core.errors import InputError
from ..core.files import replacing
from ..fractures.limits import MIN_AREA_M2
from ..learning.evaluation_tables import write_table_pages
from ..maps.grids import MapGrid
from ..maps.ground_plane import GroundPlane
from ..maps.vectors import read_vector

# What Le Corre et al. (2025) print of their maps, by the names of the targets in config/config.yaml.
PRINTED = {
    "crookes": {
        "fractures": "70 in melt ponds",
        "mean area, m2": "1854 ± 4015",
        "largest, m2": "above 50 000",
        "longest, m": "700",
    },
    "schomberger_a": {"mean area, m2": "795 ± 969", "longest, m": "350 to 400"},
}
_NOTES = (
    "Polygons that touch are one. Smaller ones than {least:g} m2 are left out, on both sides. Areas are on the ground. "
    "Longest: the long side of the smallest rectangle around a polygon. A fracture is matched if it shares ground with "
    "one of the other map. Printed: what Le Corre et al. (2025) say of their maps and networks. Our scores come from "
    "`snakemake evaluation`; without it, they are not known."
)


@dataclass(frozen=True)
class BesidePublished:
    """The fractures of two maps of one place.

    Attributes
    ----------
    ours, published : geopandas.GeoDataFrame
        Polygons in the map's CRS, with ``area_m2``, ``longest_m`` and ``matched`` (bool).
    common_m2 : float
        Area that both maps have.
    """

    ours: gpd.GeoDataFrame
    published: gpd.GeoDataFrame
    common_m2: float


def read_published(path: str | Path, grid: MapGrid) -> gpd.GeoDataFrame:
    """Read published detections.

    Parameters
    ----------
    path : path
        Shapes in longitude and latitude on the body, or on any of its maps. Without a CRS they count as the former,
        which is what the paper's program writes.
    grid : MapGrid
        Of our map.

    Returns
    -------
    geopandas.GeoDataFrame
        Polygons in the map's CRS.

    Raises
    ------
    InputError
        If the file is damaged, holds no polygon, or is of another body.
    """
    shapes = read_vector(path, crs=grid.crs, assumed=grid.body.geographic)
    shapes = shapes[shapes.geometry.notna() & shapes.geom_type.isin(["Polygon", "MultiPolygon"])]
    if shapes.empty:
        raise InputError(path, "holds no polygon", "name the file of the detections under reproduction.files")
    return gpd.GeoDataFrame(geometry=shapes.geometry.make_valid(), crs=grid.crs)


def beside(ours: gpd.GeoDataFrame, published: gpd.GeoDataFrame, grid: MapGrid) -> BesidePublished:
    """Compare two maps of one place.

    Parameters
    ----------
    ours, published : geopandas.GeoDataFrame
        Polygons in the map's CRS. Those that touch are joined first, because the published ones are cut at the edges
        of tiles. What lies outside of our map is left out.
    grid : MapGrid
        Of our map.
    """
    plane = GroundPlane(grid)
    maps = [_joined(frame, grid, plane) for frame in (ours, published)]
    trees = [shapely.STRtree(frame["ground"].to_numpy()) for frame in maps]
    common_m2 = 0.0
    for frame, other, tree in zip(maps, maps[::-1], trees[::-1], strict=True):
        mine, theirs = tree.query(frame["ground"].to_numpy(), predicate="intersects")
        shared = shapely.area(
            shapely.intersection(frame["ground"].to_numpy()[mine], other["ground"].to_numpy()[theirs])
        )
        matched = np.zeros(len(frame), bool)
        np.logical_or.at(matched, mine, shared > 0)
        frame["matched"] = matched
        common_m2 = float(shared.sum())
    return BesidePublished(*(frame.drop(columns="ground") for frame in maps), common_m2)


def _joined(frame, grid, plane):
    """Return polygons that touch as one, on our map, with their sizes on the ground."""
    whole = shapely.union_all(frame.geometry.to_numpy()) if len(frame) else shapely.MultiPolygon()
    parts = [part for part in shapely.get_parts(shapely.intersection(whole, shapely.box(*grid.bounds))) if part.area]
    ground = plane.from_map(parts) if parts else np.array([], object)
    area = shapely.area(ground)
    keep = area >= MIN_AREA_M2
    sizes = {"area_m2": area[keep], "longest_m": [_longest(shape) for shape in ground[keep]]}
    kept = [part for part, kept in zip(parts, keep, strict=True) if kept]
    return gpd.GeoDataFrame({**sizes, "ground": ground[keep]}, geometry=kept, crs=grid.crs)


def _longest(shape):
    """Return the long side of the smallest rectangle around a shape."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    return float(np.hypot(*np.diff(corners, axis=0).T).max())


def compared(found: BesidePublished, target: str) -> pd.DataFrame:
    """Return the numbers of two maps beside each other.

    Returns
    -------
    pandas.DataFrame
        ``quantity``, ``ours``, ``published``, ``printed`` (texts; empty where there is none).
    """
    columns = {"ours": _numbers(found.ours), "published": _numbers(found.published)}
    total = sum(frame["area_m2"].sum() for frame in (found.ours, found.published)) - found.common_m2
    share = found.common_m2 / total if total else np.nan
    common = f"{found.common_m2:.0f} ({100 * share:.0f} % of what either has)" if total else "0"
    for numbers in columns.values():
        numbers["area that both have, m2"] = common
    printed = PRINTED.get(target, {})
    rows = [[name, *(numbers[name] for numbers in columns.values()), printed.get(name, "")] for name in columns["ours"]]
    return pd.DataFrame(rows, columns=["quantity", *columns, "printed"])


def _numbers(frame):
    area, alone = frame["area_m2"], frame[~frame["matched"]]
    some = len(frame) > 0
    return {
        "fractures": str(len(frame)),
        "mean area, m2": f"{area.mean():.0f} ± {area.std(ddof=0):.0f}" if some else "",
        "largest, m2": f"{area.max():.0f}" if some else "",
        "longest, m": f"{frame['longest_m'].max():.0f}" if some else "",
        "area, m2": f"{area.sum():.0f}",
        "matched": str(int(frame["matched"].sum())),
        "alone": str(len(alone)),
        "area of those alone, m2": f"{alone['area_m2'].sum():.0f}",
    }


def write_reproduction(
    tables: Mapping[str, pd.DataFrame],
    scores: pd.DataFrame,
    csv_path: str | Path,
    markdown_path: str | Path,
    html_path: str | Path,
) -> None:
    """Write the tables of a reproduction.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Those of `compared`, by the titles of their targets.
    scores : pandas.DataFrame
        See `published_scores.scores_beside`.
    csv_path : path
        File of all `tables` in one, with ``target`` as first column.
    markdown_path, html_path : path
        Files for people.
    """
    whole = pd.concat([table.assign(target=name) for name, table in tables.items()])
    with replacing(csv_path) as temporary:
        whole[["target", "quantity", "ours", "published", "printed"]].to_csv(temporary, index=False)
    parts = [*tables.items(), ("Scores of the paper's networks, %", scores)]
    notes = _NOTES.format(least=MIN_AREA_M2)
    write_table_pages(parts, markdown_path, html_path, "Our maps beside the published ones", notes)
