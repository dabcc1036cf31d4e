"""Files of a scene: its ground, its truth, and the labels that a person would draw."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from ..labels.truth_classes import CLASSES
from ..maps.grids import MapGrid
from ..maps.rasters import create_raster, write_raster
from ..maps.vectors import write_vector
from .imaging import SCENE_BOUNDS_TAG
from .settings import SceneSettings
from .skyline import SKYLINE_TAG
from .terrain import Terrain, make_terrain
from .weak_labels import draw_labels


def make_scene(settings: SceneSettings | Mapping[str, Any], grid: MapGrid, directory: str | Path) -> Terrain:
    """Write the files of a scene.

    They are ``terrain.tif`` (bands height_m and albedo, on a finer grid with a margin), ``truth.tif`` (classes on the
    target grid, see `truth_classes.CLASSES`), ``truth.gpkg`` (layers `fractures`, `centrelines`, `objects`),
    ``labels.gpkg`` (the weak labels: layers `lines` and `polygons`) and ``boundary.gpkg`` (layers `floor` and `ponds`).

    Parameters
    ----------
    settings : SceneSettings or mapping
    grid : MapGrid
        Target grid.
    directory : path
        Folder of the files.

    Returns
    -------
    Terrain

    Raises
    ------
    InputError
        If a setting is unknown or out of range.
    """
    settings = SceneSettings.from_mapping(settings)
    directory = Path(directory)
    terrain = make_terrain(settings, grid)
    write_terrain(terrain, grid, directory / "terrain.tif", settings.seed)
    classes = ",".join(f"{value}={name}" for name, value in CLASSES.items())
    write_raster(
        directory / "truth.tif", terrain.classes(grid), grid, tags={"IMF_CLASSES": classes}, overviews="nearest"
    )

    facts = terrain.fractures.drop(columns="centreline")
    centrelines = terrain.fractures.set_geometry("centreline").drop(columns="geometry")
    write_vector(
        directory / "truth.gpkg",
        {"fractures": facts, "centrelines": centrelines, "objects": _objects(terrain)},
    )
    rng = np.random.default_rng([settings.seed, 1])
    lines, polygons = draw_labels(terrain, settings.labels, rng, grid.bounds)
    write_vector(directory / "labels.gpkg", {"lines": lines, "polygons": polygons})
    write_vector(
        directory / "boundary.gpkg",
        {
            "floor": _layer([] if terrain.floor.is_empty else [terrain.floor], terrain),
            "ponds": _layer(terrain.ponds.geoms, terrain),
        },
    )
    return terrain


def write_terrain(terrain: Terrain, grid: MapGrid, path: str | Path, seed: int) -> None:
    """Write the heights and albedo of a terrain, in the form that `image_scene` reads.

    Parameters
    ----------
    terrain : Terrain
    grid : MapGrid
        Target grid of the scene, without the terrain's margin.
    path : path
        GeoTIFF.
    seed : int
        Seed of the scene, for the file's tags.
    """
    tags = {SCENE_BOUNDS_TAG: " ".join(f"{edge:.6f}" for edge in grid.bounds), "IMF_SEED": seed}
    if terrain.skyline is not None:
        tags[SKYLINE_TAG] = terrain.skyline.to_tag()
    names = ("height_m", "albedo")
    with create_raster(
        path, terrain.grid, "float32", bands=2, tags=tags, overviews=False, descriptions=names
    ) as dataset:
        dataset.write(terrain.height_m, 1)
        dataset.write(terrain.albedo, 2)


def _objects(terrain):
    """Return one layer of all objects except fractures, with `kind`, sizes, age, chain and crack."""
    parts = []
    for name, frame in (
        ("ridge", terrain.ridges),
        ("boulder", terrain.boulders),
        ("crater", terrain.craters),
        ("trail", terrain.trails),
    ):
        facts = ("width_m", "length_m", "diameter_m", "age", "chain", "cracked")
        sizes = {key: frame[key].to_numpy(float) for key in facts if key in frame}
        parts.append(
            gpd.GeoDataFrame(
                {"kind": name, **sizes}, geometry=frame.geometry.to_numpy(), crs=frame.crs, index=range(len(frame))
            )
        )
    return gpd.pd.concat([part for part in parts if len(part)], ignore_index=True)


def _layer(shapes, terrain):
    return gpd.GeoDataFrame({}, geometry=gpd.GeoSeries(list(shapes), dtype="geometry"), crs=terrain.grid.crs)
