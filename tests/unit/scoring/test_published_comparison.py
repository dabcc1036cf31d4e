"""Our map beside a published one, on shapes whose sizes are known."""

import geopandas as gpd
import pytest
from shapely.geometry import LineString, box

from imfmap.core.errors import InputError
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.scoring.published_comparison import PRINTED, beside, compared, read_published, write_reproduction
from imfmap.scoring.published_scores import scores_beside

MOON = body("moon")
GRID = MapGrid.centred(MOON.projected("equirectangular", 0.0, 0.0), 0.0, 0.0, 3000.0, 3000.0, 1.5)


def frame(*shapes):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=GRID.crs)


def test_what_both_have_and_what_one_has_alone():
    ours = frame(box(0, 0, 100, 10), box(500, 500, 530, 510))
    # The first is cut in two at the edge of a tile; the last is too small, and one lies off the map.
    published = frame(
        box(50, 0, 100, 10),
        box(100, 0, 160, 10),
        box(-700, -700, -600, -690),
        box(0, 300, 10, 310),
        box(9e3, 0, 9.1e3, 9),
    )
    found = beside(ours, published, GRID)
    for map_, areas in ((found.ours, {True: 1000, False: 300}), (found.published, {True: 1100, False: 1000})):
        assert dict(zip(map_["matched"], map_["area_m2"], strict=True)) == pytest.approx(areas, rel=1e-3)
    assert sorted(found.published["longest_m"]) == pytest.approx([100, 110], rel=1e-3)
    assert found.common_m2 == pytest.approx(500, rel=1e-3)
    table = compared(found, "crookes").set_index("quantity")
    assert table.loc["fractures"].tolist() == ["2", "2", PRINTED["crookes"]["fractures"]]
    assert table.loc["matched", ["ours", "published"]].tolist() == ["1", "1"]
    assert table.loc["area of those alone, m2", "ours"] == "300"
    assert table.loc["area that both have, m2", "ours"] == "500 (17 % of what either has)"
    assert table.loc["mean area, m2", "ours"] == "650 ± 350"


def test_polygons_that_only_touch_are_not_matched():
    found = beside(frame(box(0, 0, 100, 10)), frame(box(0, 10, 100, 20)), GRID)
    assert not found.ours["matched"].any() and not found.published["matched"].any() and found.common_m2 == 0


@pytest.mark.parametrize("ours", [0, 1])
def test_an_empty_map_is_compared_too(ours):
    maps = [frame(), frame(box(0, 0, 100, 10))]
    table = compared(beside(maps[ours], maps[1 - ours], GRID), "elsewhere").set_index("quantity")
    assert table.loc["fractures", ["ours", "published"]].tolist() == [str(ours), str(1 - ours)]
    assert set(table["printed"]) == {""}


@pytest.mark.parametrize("with_crs", [False, True])
def test_published_shapes_are_in_longitude_and_latitude(tmp_path, with_crs):
    shape = gpd.GeoSeries([box(-0.01, -0.01, 0.01, 0.01)], crs=MOON.geographic if with_crs else None)
    gpd.GeoDataFrame(geometry=shape).to_file(tmp_path / "a.shp")
    side_m = 0.02 * 1737400 * 3.14159265 / 180
    assert read_published(tmp_path / "a.shp", GRID).area.tolist() == pytest.approx([side_m**2], rel=1e-4)


def test_a_file_without_polygons_is_refused(tmp_path):
    gpd.GeoDataFrame(geometry=[LineString([(0, 0), (1, 1)])], crs=MOON.geographic).to_file(tmp_path / "a.gpkg")
    with pytest.raises(InputError, match=r"a\.gpkg: holds no polygon; name the file of the detections"):
        read_published(tmp_path / "a.gpkg", GRID)


def test_the_tables_are_written_for_people_and_programs(tmp_path):
    table = compared(beside(frame(box(0, 0, 100, 10)), frame(box(0, 0, 50, 10)), GRID), "crookes")
    paths = [tmp_path / f"table.{ending}" for ending in ("csv", "md", "html")]
    write_reproduction({"Crookes": table}, scores_beside(None), *paths)
    assert (
        paths[0]
        .read_text()
        .startswith("target,quantity,ours,published,printed\nCrookes,fractures,1,1,70 in melt ponds\n")
    )
    assert "## Crookes" in paths[1].read_text() and "150 m2" in paths[1].read_text()
    assert "<title>Our maps beside the published ones" in paths[2].read_text()
