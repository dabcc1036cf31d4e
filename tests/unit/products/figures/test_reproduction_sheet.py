"""The figure of our maps beside published ones."""

import geopandas as gpd
import numpy as np
from pypdf import PdfReader
from shapely.geometry import box

from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.rasters import write_raster
from imfmap.products.figures.reproduction_sheet import PlaceShown, reproduction_sheet, shapes_by_map
from imfmap.scoring.published_comparison import beside

GRID = MapGrid.centred(body("moon").projected("equirectangular", 0.0, 0.0), 0.0, 0.0, 600.0, 600.0, 1.5)


def test_each_polygon_is_drawn_once(tmp_path):
    ours = gpd.GeoDataFrame(geometry=[box(0, 0, 100, 10), box(-200, -200, -100, -180)], crs=GRID.crs)
    published = gpd.GeoDataFrame(geometry=[box(50, 0, 160, 10), box(100, 100, 150, 150)], crs=GRID.crs)
    found = beside(ours, published, GRID)
    assert {name: len(shapes) for name, shapes in shapes_by_map(found).items()} == {
        "both maps": 1,
        "ours alone": 1,
        "published alone": 1,
    }
    write_raster(tmp_path / "mosaic.tif", np.full(GRID.shape, 90, np.uint8), GRID, nodata=0)
    places = [
        PlaceShown("One", str(tmp_path / "mosaic.tif"), found),
        PlaceShown("Two", str(tmp_path / "mosaic.tif"), found),
    ]
    reproduction_sheet([tmp_path / "maps.png", tmp_path / "maps.pdf"], places)
    assert (tmp_path / "maps.png").stat().st_size > 10_000
    said = PdfReader(tmp_path / "maps.pdf").pages[0].extract_text()
    for words in ("Our maps beside the published ones", "One", "Two", "planetocentric", "published alone"):
        assert words in said, words
