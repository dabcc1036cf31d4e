"""A scene on disk."""

import numpy as np

from imfmap.labels.reading import read_labels
from imfmap.labels.truth_classes import CLASSES
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import read_raster
from imfmap.maps.vectors import layers_of, read_vector
from imfmap.simulate.scene import make_scene
from imfmap.simulate.skyline import SKYLINE_TAG, Skyline
from tests.helpers.scene_grids import grid_of
from tests.helpers.simulated_images import IMAGED_CRS


def test_a_scene_on_disk_tells_all_that_is_known(tmp_path):
    settings = {
        "preset": "cratered_ground", "seed": 5, "margin_m": 30.0, "terrain_resolution_m": 1.5, "rim_height_m": 900.0,
        "secondary_chains_per_km2": 40.0, "boulder_max_m": 12.0, "boulder_density_per_km2": 3000.0,
        "cracked_boulder_share": 0.5,
    }  # fmt: skip
    terrain = make_scene(settings, grid_of(400.0), tmp_path)
    objects = read_vector(tmp_path / "truth.gpkg", "objects")
    assert set(objects.kind) == {"crater", "boulder"}
    of_kind = {kind: objects[objects.kind == kind] for kind in ("crater", "boulder")}
    assert len(of_kind["crater"]) == len(terrain.craters)
    assert (of_kind["crater"].chain > 0).any() and of_kind["crater"].age.between(0, 0.25).all()
    assert set(of_kind["boulder"].cracked) == {0.0, 1.0}
    assert len(read_vector(tmp_path / "boundary.gpkg", "floor")) == 0, "no melt floor, no boundary of one"
    _, _, tags = read_raster(tmp_path / "terrain.tif")
    assert Skyline.from_tag(tags[SKYLINE_TAG]) == terrain.skyline
    first = [(tmp_path / name).read_bytes() for name in ("terrain.tif", "truth.tif")]
    make_scene(settings, grid_of(400.0), tmp_path / "again")
    assert first == [(tmp_path / "again" / name).read_bytes() for name in ("terrain.tif", "truth.tif")]


def test_scene_on_disk(tmp_path):
    settings = {"seed": 8, "margin_m": 60.0, "wall_share": 0.0, "fracture_km_per_km2": 12.0, "ridge_share": 0.4}
    grid = MapGrid.centred(IMAGED_CRS, 102.0, 35.0, 360.0, 360.0, 1.5)
    terrain = make_scene(settings, grid, tmp_path)
    truth, truth_grid, _ = read_raster(tmp_path / "truth.tif")
    assert truth_grid.shape == grid.shape and truth_grid.transform == grid.transform
    np.testing.assert_array_equal(truth, terrain.classes(grid))
    assert {"fractures", "centrelines", "objects"} == set(layers_of(tmp_path / "truth.gpkg"))
    fractures = read_vector(tmp_path / "truth.gpkg", "fractures", crs=grid.crs, columns=("width_m",))
    assert len(fractures) == len(terrain.fractures)
    assert {"boulder", "crater", "ridge"} <= set(read_vector(tmp_path / "truth.gpkg", "objects").kind)
    labels = read_labels(tmp_path / "labels.gpkg", grid.crs)
    assert (labels.layer == "lines").any()
    assert {"floor", "ponds"} == set(layers_of(tmp_path / "boundary.gpkg"))

    assert (truth == CLASSES["fracture"]).any()
