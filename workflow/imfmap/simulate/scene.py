"""A scene on disk: its ground, its truth, and the labels a person would draw."""

from pathlib import Path

import geopandas as gpd
import numpy as np

from ..labels.truth_classes import CLASSES
from ..maps.rasters import create_raster, write_raster
from ..maps.vectors import write_vector
from .imaging import SCENE_BOUNDS_TAG
from .settings import SceneSettings
from .skyline import SKYLINE_TAG
from .terrain import make_terrain
from .weak_labels import draw_labels


def make_scene(settings, grid, directory):
    """Make a scene's files.

    ``terrain.tif`` (bands height_m and albedo, on a finer grid with a margin), ``truth.tif`` (classes on the target
    grid, see `truth_classes.CLASSES`), ``truth.gpkg`` (layers `fractures`, `centrelines`, `objects`), ``labels.gpkg``
    (the weak labels: layers `lines` and `polygons`) and ``boundary.gpkg`` (layers `floor` and `ponds`).

    Parameters
    ----------
    settings : SceneSettings or mapping
    grid : MapGrid
        Target grid.
    directory : path
        Where the files go.

    Returns
    -------
    Terrain

    Raises
    ------
    InputError
        For settings that make no sense.
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


def write_terrain(terrain, grid, path, seed):
    """Write heights and albedo as `image_scene` reads them; `grid` is the scene proper's."""
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
    """All that is no fracture in one layer, with `kind` and what is known of it: sizes, age, chain, crack."""
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
