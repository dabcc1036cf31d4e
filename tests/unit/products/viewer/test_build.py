"""The viewer's folder: pyramids, outlines and numbers, read back as the page reads them."""

import base64
import io
import json
import weakref

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from PIL import Image

from imfmap.core.checksums import sha256
from imfmap.core.errors import InputError
from imfmap.maps import qml_styles
from imfmap.maps.vectors import read_vector
from imfmap.products.viewer import payload, pyramid
from imfmap.products.viewer.build import VENDOR, ViewerText, write_viewer
from tests.helpers.other_maps import on_another_crs
from tests.helpers.target_factory import target_grid, write_target
from tests.unit.products.viewer.test_steps import decoded

TILE = 16


def pyramid_of(folder, pixels, reduce, encode):
    def read(row, column, rows, columns):
        window = np.zeros((rows, columns), np.uint8)
        part = pixels[row : row + rows, column : column + columns]
        window[: part.shape[0], : part.shape[1]] = part
        return window

    return pyramid.write_pyramid(folder, pixels.shape, read, reduce, encode, tile_px=TILE)


def bits(text, shape):
    return np.unpackbits(np.frombuffer(base64.b64decode(text), np.uint8))[: shape[0] * shape[1]].reshape(shape)


def raw(pixels):
    """Pixels as they are, in place of a picture."""
    file = io.BytesIO()
    np.save(file, pixels)
    return file.getvalue()


def test_the_finest_tiles_are_the_raster_and_the_coarser_ones_its_means(tmp_path):
    pixels = np.random.default_rng(1).integers(1, 256, (40, 70)).astype(np.uint8)
    pixels[:, 60:] = 0
    levels = pyramid_of(tmp_path, pixels, pyramid.mean, raw)
    assert len(levels) == pyramid.levels_of(pixels.shape, TILE) == 4
    there = bits(levels[3], (3, 5))
    assert there[:, :4].all() and not there[:, 4].any()
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("3/*/*.webp")} == {
        f"3/{row}/{column}.webp" for row in range(3) for column in range(4)
    }
    whole = np.block([[np.load(tmp_path / f"3/{row}/{column}.webp") for column in range(4)] for row in range(3)])
    np.testing.assert_array_equal(whole[:40, :60], pixels[:, :60])
    block = pixels[2:4, 6:8]
    assert np.load(tmp_path / "2/0/0.webp")[1, 3] == round(block.mean())
    # Half of this block has no data: the mean is of the other half.
    edge = pyramid.mean(np.array([[10, 0], [20, 0]], np.uint8))
    assert edge.tolist() == [[15]]


def test_a_thin_line_shows_at_every_level(tmp_path):
    codes = np.zeros((128, 128), np.uint8)
    codes[37, 5:120] = 240
    levels = pyramid_of(tmp_path, codes, pyramid.most, raw)
    assert len(levels) == 4
    assert np.load(tmp_path / "0/0/0.webp").max() == 240


def test_memory_does_not_grow_with_the_raster(tmp_path):
    """Of 1024 tiles of the finest level a few are alive at a time: those of a branch, and those still to be written."""
    alive = weakref.WeakSet()
    most = []

    class Tile(np.ndarray):
        __hash__ = object.__hash__

    def read(row, column, rows, columns):
        pixels = np.full((rows, columns), 7, np.uint8).view(Tile)
        alive.add(pixels)
        most.append(len(alive))
        return pixels

    pyramid.write_pyramid(tmp_path, (TILE * 32, TILE * 32), read, pyramid.mean, raw, threads=2, tile_px=TILE)
    assert len(most) == 1024 and max(most) <= 24


def test_pictures_are_grey_and_transparent_without_data():
    pixels = np.tile(np.arange(1, 257, dtype=np.uint16).clip(1, 255).astype(np.uint8), (64, 1))
    picture = np.array(Image.open(io.BytesIO(pyramid.grey_picture(pixels))).convert("L"), int)
    assert np.abs(picture - pixels).mean() < 2
    pixels[:10] = 0
    alpha = np.array(Image.open(io.BytesIO(pyramid.grey_picture(pixels))).convert("RGBA"))[..., 3]
    np.testing.assert_array_equal(alpha > 0, pixels > 0)
    table = qml_styles.colour_table("probability")
    coloured = np.array(
        Image.open(io.BytesIO(pyramid.colour_picture(table)(np.array([[0, 125, 250]], np.uint8)))).convert("RGBA")
    )
    assert coloured[0, 0, 3] == 0
    np.testing.assert_array_equal(coloured[0, 1:], table[[125, 250]])


def test_outlines_come_back_from_their_steps():
    grid = target_grid()
    left, _, _, top = grid.bounds
    holed = shapely.Polygon(
        shapely.box(left + 3, top - 30, left + 30, top - 3).exterior,
        [shapely.box(left + 6, top - 9, left + 9, top - 6).exterior],
    )
    two = shapely.MultiPolygon([holed, shapely.box(left + 60, top - 66, left + 63, top - 60)])
    data = payload.features(gpd.GeoDataFrame({"odd_km2": [2.5], "note": [None]}, geometry=[two], crs=grid.crs), grid)
    unit = payload.QUANTUM_PX * grid.resolution_m

    points = decoded(data["corners"], 2) * unit
    (outlines,) = data["outlines"]
    counts = [count for rings in outlines for count in rings]
    rings = iter(
        shapely.Polygon(np.column_stack([left + part[:, 0], top - part[:, 1]]))
        for part in np.split(points, np.cumsum(counts)[:-1])
    )
    polygons = [
        shapely.difference(next(rings), shapely.union_all([next(rings) for _ in rings_of[1:]])) for rings_of in outlines
    ]
    assert shapely.union_all(polygons).symmetric_difference(two).area < 1e-6
    assert data["columns"] == [
        {"name": "odd_km2", "label": "Odd", "unit": "km²", "decimals": 2},
        {"name": "note", "label": "Note", "unit": "", "decimals": 2},
    ]
    assert data["values"]["note"] == [None]


def test_lines_come_back_from_their_steps():
    grid = target_grid()
    left, _, _, top = grid.bounds
    line = shapely.LineString([(left + 3, top - 30), (left + 30, top - 33), (left + 60, top - 3)])
    columns = {"fracture": [7], "distances_m": ["[1.0]"], "widths_m": ["[2.0]"]}
    data = payload.features(gpd.GeoDataFrame(columns, geometry=[line], crs=grid.crs), grid)
    assert "outlines" not in data and list(data["values"]) == ["fracture"], "profiles are given once, elsewhere"
    assert data["lines"] == [[3]]
    points = decoded(data["corners"], 2) * payload.QUANTUM_PX * grid.resolution_m
    np.testing.assert_allclose(
        np.column_stack([left + points[:, 0], top - points[:, 1]]), shapely.get_coordinates(line), atol=1e-6
    )


def test_lines_lose_only_points_within_a_quarter_pixel():
    grid = target_grid()
    left, _, _, top = grid.bounds
    steps = np.arange(200.0)
    points = np.column_stack([left + 3 + steps, top - 300 + 20 * np.sin(steps / 15) + 0.2 * (-1) ** steps])
    line = shapely.LineString(points)
    data = payload.features(gpd.GeoDataFrame({"fracture": [7]}, geometry=[line], crs=grid.crs), grid)
    ((count,),) = data["lines"]
    assert count < 60
    unit = payload.QUANTUM_PX * grid.resolution_m
    found = decoded(data["corners"], 2) * unit
    found = shapely.LineString(np.column_stack([left + found[:, 0], top - found[:, 1]]))
    # A quarter pixel of the simplified line, and half a quarter of each rounded coordinate.
    assert shapely.hausdorff_distance(line, found, densify=0.01) < unit * (1 + 0.71)


def test_the_density_is_a_picture_on_its_own_place(tmp_path):
    target = write_target(tmp_path / "t")
    layers = {"fractures": target.fractures}
    rasters = target / "mosaic.tif", target / "probability.tif"
    write_viewer(target / "viewer", *rasters, layers, ViewerText("t"), density_path=target / "density.tif")
    entry = json.loads((target / "viewer" / "data.js").read_text().removeprefix("window.IMF = ").removesuffix(";\n"))
    entry = next(raster for raster in entry["rasters"] if raster["name"] == "density")
    with rasterio.open(target / "density.tif") as dataset:
        assert entry["extent"] == list(dataset.bounds)
    assert entry["marks"] == ["0", "2", "4"] and entry["colours"][-1] == "#fee838"
    picture = np.array(Image.open(target / "viewer" / entry["picture"]).convert("RGBA"))
    table = qml_styles.colour_table("density")
    assert (picture[0, :, 3] == 0).all() and (picture[1:, :, 3] == 255).all(), "no data in the first row"
    np.testing.assert_array_equal(picture[1, [0, -1]], table[[0, 250]])
    with rasterio.open(target / "density.tif", "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.crs = on_another_crs(target.grid).crs.to_wkt()
    with pytest.raises(InputError, match=r"density.tif: is on another CRS"):
        write_viewer(target / "viewer", *rasters, layers, ViewerText("t"), density_path=target / "density.tif")


def test_the_folder_holds_all_that_the_page_asks_for(tmp_path):
    target = write_target(tmp_path / "t")
    layers = {"fractures": target.fractures, "floor": gpd.read_file(target.boundary, layer="floor")}
    (target / "viewer").mkdir()
    (target / "viewer" / "old.txt").write_text("of the last run")
    write_viewer(
        target / "viewer",
        target / "mosaic.tif",
        target / "probability.tif",
        layers,
        ViewerText("</script>Ä", "f"),
        target.images[:1],
    )
    folder = target / "viewer"
    assert not (folder / "old.txt").exists() and not list(target.folder.glob(".viewer*"))
    page = (folder / "index.html").read_text()
    for name in ("lib/ol.js", "lib/ol.css", "lib/proj4.js", "viewer.js", "viewer.css", "data.js"):
        assert name in page and (folder / name).stat().st_size > 0
    assert "http" not in page
    for name, owner in {"ol": "OpenLayers Contributors", "proj4": "Mike Adair"}.items():
        assert owner in (folder / "lib" / f"{name}.LICENSE.md").read_text()
    said = (folder / "data.js").read_text()
    data = json.loads(said.removeprefix("window.IMF = ").removesuffix(";\n"))
    assert data["title"] == "</script>Ä"
    assert [raster["name"] for raster in data["rasters"]] == ["mosaic", f"image-{target.images[0].stem}", "probability"]
    for raster in data["rasters"]:
        tiles = sum(int(bits(text, shape).sum()) for text, shape in zip(raster["tiles"], [(1, 1), (2, 2)], strict=True))
        assert tiles == len(list((folder / "tiles" / raster["name"]).rglob("*.webp"))) == 5
    assert data["layers"]["fractures"]["values"]["length_m"] == [300.0, 135.0, 90.0, 45.0]
    assert [part["label"] for part in data["layers"]["fractures"]["style"]["classes"]][0].startswith("under 7.5 m")
    assert "rejected" not in data["layers"]


def test_the_libraries_are_the_files_that_their_checksums_name():
    sums = dict(reversed(line.split()) for line in (VENDOR / "SHA256SUMS").read_text().splitlines())
    files = {path.name: sha256(path) for path in VENDOR.iterdir() if path.name != "SHA256SUMS"}
    assert files == sums and {"ol.js", "ol.css", "proj4.js", "ol.LICENSE.md", "proj4.LICENSE.md"} == set(sums)


def test_a_failed_build_leaves_the_old_viewer(tmp_path):
    target = write_target(tmp_path / "t")
    arguments = target / "mosaic.tif", target / "probability.tif", {"fractures": target.fractures}, ViewerText("t")
    write_viewer(target / "viewer", *arguments)
    before = sorted(path.name for path in (target / "viewer").iterdir())
    (target / "probability.tif").unlink()
    with pytest.raises(InputError, match="probability.tif"):
        write_viewer(target / "viewer", *arguments)
    assert sorted(path.name for path in (target / "viewer").iterdir()) == before
    assert not list(target.folder.glob(".viewer*"))


@pytest.mark.parametrize("name", ["probability", "image"])
def test_rasters_of_another_crs_are_refused(tmp_path, name):
    target = write_target(tmp_path / "t")
    paths = {"probability": target / "probability.tif", "image": target.images[0]}
    with rasterio.open(paths[name], "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.crs = on_another_crs(target.grid).crs.to_wkt()
    with pytest.raises(InputError, match=rf"{paths[name].name}: its CRS .* is not that of "):
        write_viewer(
            target / "viewer",
            target / "mosaic.tif",
            paths["probability"],
            {"fractures": target.fractures},
            ViewerText("t"),
            [paths["image"]],
        )
    assert not (target / "viewer").exists()


def test_the_same_target_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        target = write_target(tmp_path / name)
        write_viewer(
            target / "viewer",
            target / "mosaic.tif",
            target / "probability.tif",
            {"fractures": target.fractures},
            ViewerText("t"),
        )
    files = sorted(
        path.relative_to(tmp_path / "one") for path in (tmp_path / "one" / "viewer").rglob("*") if path.is_file()
    )
    assert len(files) > 15
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)


def test_profiles_are_those_of_the_longest_lines(tmp_path):
    target = write_target(tmp_path / "t")
    lines = read_vector(target / "fractures.gpkg", "centrelines")
    branch = lines.iloc[:1].assign(line=1, widths_m="[99.0]", distances_m="[1.0]")
    said = payload.profiles(pd.concat([branch, lines]))
    assert said["fractures"] == [1, 2, 3, 4] and said["counts"] == [2, 2, 2, 2]
    assert decoded(said["decimetres"], 2)[2:4].tolist() == [[338, 180], [1012, 180]]
