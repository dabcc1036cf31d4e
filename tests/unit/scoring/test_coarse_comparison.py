"""The same ground through coarser pixels: targets, images, comparison, sheet."""

import copy

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image
from pypdf import PdfReader

from imfmap.core.errors import InputError
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.rasters import create_raster, read_raster, write_raster
from imfmap.mosaic.average import average_image
from imfmap.products.figures.coarse_sheet import MapShown, coarse_sheet
from imfmap.products.figures.page import SheetText
from imfmap.run.config.complete import complete
from imfmap.scoring.coarse_comparison import compare_maps, covered, write_comparison
from tests.helpers.target_factory import BARS, target_grid, write_target

CONFIG = {
    "run": {"name": "x"},
    "recipe": "paper",
    "coarse": {"model": "coarse_net"},
    "models": {
        "net": {"architecture": "unet", "encoder": "resnet18"},
        "coarse_net": {"architecture": "unet", "encoder": "resnet18", "resolution_m": 6},
    },
    "targets": {
        "tr": {"lat": 1, "lon": 2, "diameter_km": 3, "role": "train", "labels": "l.gpkg", "products": ["M1136683665L"]},
        "crookes": {"lat": 1, "lon": 2, "diameter_km": 3, "role": "map", "search": {}},
        "theirs": {"lat": 1, "lon": 2, "diameter_km": 3, "role": "map", "mosaic": "m.tif", "title": "Theirs"},
        "aside": {"lat": 1, "lon": 2, "diameter_km": 3, "search": {}},
    },
}


def test_every_target_with_a_role_has_a_coarser_one():
    targets = complete(CONFIG, "c.yaml")["targets"]
    made = {name: target for name, target in targets.items() if "coarse_of" in target}
    names = {"crookes_coarse", "crookes_retrained", "theirs_coarse", "theirs_retrained", "tr_coarse"}
    assert set(made) == names
    assert all(target["resolution_m"] == 6 for target in made.values())
    assert made["tr_coarse"]["role"] == "train" and "products" not in made["tr_coarse"]
    # Only `coarse` asks for these maps: `all` makes those of targets with the role.
    assert "role" not in made["crookes_coarse"] and "search" not in made["crookes_coarse"]
    assert made["crookes_retrained"]["model"] == "coarse_net" and "model" not in made["crookes_coarse"]
    assert made["theirs_coarse"]["mosaic"] == "m.tif" and made["theirs_coarse"]["title"] == "Theirs, 6 m/px"
    plain = {key: value for key, value in CONFIG.items() if key != "coarse"}
    assert set(complete(plain, "c.yaml")["targets"]) == set(CONFIG["targets"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["coarse"].update(model="nets"), "coarse.model: no model 'nets'; models has: net, coarse_net"),
        (lambda c: c["coarse"].update(model="net"), "'net' is trained at another resolution; give it resolution_m: 6"),
        (
            lambda c: c.update(coarse={"resolution_m": 1}),
            "coarse.resolution_m: 1 is not coarser than the resolution_m of target .*more than 1.5",
        ),
        (
            lambda c: c["models"]["coarse_net"].update(recipe="sun_aligned"),
            "'coarse_net' is of recipe sun_aligned; choose one of recipe",
        ),
        (
            lambda c: c["targets"].update(tr_coarse=c["targets"]["aside"]),
            "'tr_coarse' is the name of a coarse map; rename the target",
        ),
    ],
)
def test_what_cannot_be_made_coarser_is_refused(change, said):
    config = copy.deepcopy(CONFIG)
    change(config)
    with pytest.raises(InputError, match=f"c.yaml: .*{said}"):
        complete(config, "c.yaml")


def test_a_target_has_its_own_model():
    config = copy.deepcopy(CONFIG)
    config["targets"]["crookes"]["model"] = "nothing"
    with pytest.raises(InputError, match="targets.crookes.model: no model 'nothing'"):
        complete(config, "c.yaml")


def test_an_image_is_averaged(tmp_path):
    fine = target_grid(size=(240, 320))
    fine = MapGrid.covering(fine.crs, (0, 0, 320 * 1.5, 240 * 1.5), 1.5)
    pixels = np.random.default_rng(1).normal(0.05, 0.01, fine.shape).astype(np.float32)
    pixels[:, :40] = np.nan
    pixels[0, 44] = np.nan
    facts = ImageFacts("M1L", "2010-01-01T00:00:00", 100.0, 60.0, 1.0, 60.0, 1.0, "native")
    write_raster(tmp_path / "fine.tif", pixels, fine, nodata=np.nan, tags=facts.tags())
    # Wider than the image, as its target may be.
    coarse = MapGrid.covering(fine.crs, (-60, -60, 540, 420), 6.0)
    average_image(tmp_path / "fine.tif", coarse, tmp_path / "coarse.tif")
    values, grid, tags = read_raster(tmp_path / "coarse.tif")
    assert grid.transform == coarse.transform and values.shape == coarse.shape
    blocks = pixels.reshape(60, 4, 80, 4).swapaxes(1, 2).reshape(60, 80, 16)
    with np.errstate(invalid="ignore"):
        expected = np.array(
            [[np.nanmean(cell) if np.isfinite(cell).any() else np.nan for cell in row] for row in blocks]
        )
    np.testing.assert_allclose(values[10:70, 10:90], expected, rtol=1e-5)
    assert np.isnan(values[:10]).all() and np.isnan(values[:, :20]).all()
    told = ImageFacts.from_tags(tags, "coarse.tif")
    assert told.ground_resolution_m == 6.0 and told.sun_azimuth_deg == 100.0
    with pytest.raises(InputError, match="has no valid pixel on the coarser map"):
        average_image(tmp_path / "fine.tif", MapGrid.covering(fine.crs, (9000, 0, 9600, 600), 6.0), tmp_path / "x.tif")
    assert not (tmp_path / "x.tif").exists()


def strips(widths_m, length_m=300.0, crs=None):
    """Straight fractures of these widths, 100 m apart."""
    shapes = [shapely.box(0, 100 * n, length_m, 100 * n + width) for n, width in enumerate(widths_m)]
    widths = np.array(widths_m, float)
    columns = {"mean_width_m": widths, "area_m2": widths * length_m, "total_length_m": length_m, "length_m": length_m}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs or target_grid().crs)


def test_what_is_covered_is_a_share():
    shapes = gpd.GeoSeries(
        [shapely.box(0, 0, 10, 10), shapely.LineString([(0, 5), (40, 5)]), shapely.box(90, 0, 99, 9)]
    )
    others = gpd.GeoSeries([shapely.box(0, 0, 5, 10), shapely.box(3, 0, 10, 10)])
    np.testing.assert_allclose(covered(shapes, others), [1.0, 0.25, 0.0])
    assert not covered(shapes, others.iloc[:0]).any()


def test_maps_are_compared_in_numbers(tmp_path):
    fine = strips([4, 10, 20, 40])
    coarse = strips([4, 10, 20, 40]).iloc[2:].assign(geometry=lambda f: f.geometry.buffer(2))
    grid = MapGrid.covering(fine.crs, (-30, -30, 330, 390), 1.5)
    truth = np.zeros(grid.shape, np.uint8)
    for shape in fine.geometry:
        row, column = (int(round(float(value) + 0.5)) for value in grid.rowcol(shape.bounds[0], shape.bounds[3]))
        rows, columns = (round(float(side) / 1.5) for side in (shape.bounds[3] - shape.bounds[1], 300))
        truth[row : row + rows, column : column + columns] = 1
    write_raster(tmp_path / "truth.tif", truth, grid)
    lines = gpd.GeoDataFrame(
        {"width_m": fine["mean_width_m"]},
        geometry=[shape.centroid.buffer(1).boundary for shape in fine.geometry],
        crs=fine.crs,
    )
    lines.to_file(tmp_path / "truth.gpkg", layer="centrelines")
    table = compare_maps({"fine": fine, "coarse": coarse, "none": fine.iloc[:0]}, [1.5, 6, 6], tmp_path)
    assert list(table["fractures"]) == [4, 2, 0] and table["length_km"].tolist() == pytest.approx([1.2, 0.6, 0.0])
    assert np.isnan(table["found_again"][0]) and table["found_again"][1] == 0.5 and table["found_again"][2] == 0
    assert table["found_again_tiny"][1] == 0 and table["found_again_medium"][1] == table["found_again_large"][1] == 1
    assert table["true_found"].tolist() == [1.0, 0.5, 0.0]
    assert table["f1"][0] > 0.95 > table["recall"][1] and table["precision"][1] > 0.6
    write_comparison({"floor": table}, tmp_path / "t.csv", tmp_path / "t.md", tmp_path / "t.html")
    assert len(pd.read_csv(tmp_path / "t.csv")) == 3
    said = (tmp_path / "t.md").read_text()
    assert "## floor: the maps" in said and "| coarse | 2 | 0.6 |" in said and "exact truth" in said
    assert "huge" not in said.split("Found again:")[0]


def test_the_sheet_shows_both(tmp_path):
    target = write_target(tmp_path)
    grid = target.grid
    coarse = MapGrid(grid.crs, grid.transform * grid.transform.scale(4), tuple(side // 4 for side in grid.shape))
    with create_raster(tmp_path / "coarse.tif", coarse, "uint8", nodata=0) as dataset:
        dataset.write(np.full(coarse.shape, 120, np.uint8), 1)
    with create_probability(tmp_path / "p.tif", coarse, {}) as dataset:
        dataset.write(encode(np.full(coarse.shape, 0.4, np.float32)), 1)
    found = target.fractures
    maps = [
        MapShown("1.5 m/px", target / "mosaic.tif", target / "probability.tif", found, True),
        MapShown("6 m/px", tmp_path / "coarse.tif", tmp_path / "p.tif", found.iloc[1:2], True),
        MapShown("6 m/px, retrained", tmp_path / "coarse.tif", tmp_path / "p.tif", found.iloc[1:], False),
    ]
    table = compare_maps({shown.name: shown.fractures for shown in maps}, [1.5, 6, 6])
    assert len(BARS) == table["fractures"][0]
    for count in (3, 2):
        coarse_sheet(
            [tmp_path / "sheet.png", tmp_path / "sheet.pdf"],
            maps[:count],
            table.iloc[:count],
            target / "mosaic_sources.tif",
            SheetText("Crookes"),
        )
        with Image.open(tmp_path / "sheet.png") as picture:
            width, height = (size / picture.info["dpi"][0] for size in picture.size)
        assert (width, height) == pytest.approx((11.69, 8.27), abs=0.02)
    said = PdfReader(tmp_path / "sheet.pdf").pages[0].extract_text()
    for words in ("1.5 m/px", "6 m/px", "probability", "Densest complex", "found"):
        assert words in said
