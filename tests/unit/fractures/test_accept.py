"""Filters: what goes, why, and what must stay."""

import geopandas as gpd
import pytest
import shapely

from imfmap.core.errors import InputError
from imfmap.fractures.accept import filter_fractures, read_boundary, renumbered
from imfmap.maps.bodies import body
from imfmap.maps.vectors import write_vector

CRS = body("moon").projected("equirectangular", -10, -165)


def frame(*geometries):
    fractures = gpd.GeoDataFrame(geometry=list(geometries), crs=CRS)
    fractures["area_m2"] = fractures.area
    return fractures


def bar(x, y, length, width, angle_deg):
    """Bar around a place, its axis turned clockwise from up."""
    upright = shapely.box(x - width / 2, y - length / 2, x + width / 2, y + length / 2)
    return shapely.affinity.rotate(upright, -angle_deg)


def kept(fractures, **options):
    kept, rejected = filter_fractures(fractures, **options)
    assert len(kept) + len(rejected) == len(fractures)
    return kept.geometry.tolist(), dict(zip(rejected.geometry.to_wkt(), rejected.reason, strict=True))


def test_small_ones_go_at_the_papers_150_m2():
    just, below = shapely.box(0, 0, 10, 15), shapely.box(0, 0, 10, 14.9)
    left, gone = kept(frame(just, below))
    assert left == [just] and gone == {below.wkt: "small"}
    assert kept(frame(just, below), min_area_m2=0)[1] == {}


@pytest.mark.parametrize("slant_deg", [0.0, 8.0, 45.0])
def test_detections_along_a_seam_go(slant_deg):
    # A seam as a mosaic has it: stairs of pixel edges.
    steps = [(0.0, 0.0)]
    turn = shapely.LineString([(0, 0), (400, 0)])
    turn = shapely.affinity.rotate(turn, slant_deg, origin=(0, 0))
    for number in range(1, 270):
        x, y = steps[-1]
        goal = turn.interpolate(number * 1.5)
        steps += [(round(goal.x / 1.5) * 1.5, y), (round(goal.x / 1.5) * 1.5, round(goal.y / 1.5) * 1.5)]
    seams = gpd.GeoDataFrame(geometry=[shapely.LineString(steps)], crs=CRS)
    on = turn.interpolate(150)
    along = bar(on.x, on.y, 80, 5, 90 - slant_deg)
    left, gone = kept(frame(along), seams=seams)
    assert left == [] and list(gone.values()) == ["seam"]
    crossing = bar(on.x, on.y, 80, 5, -slant_deg)
    beside = shapely.affinity.translate(along, 30, -30 if slant_deg < 40 else 0)
    oblique = bar(on.x, on.y, 80, 5, 50 - slant_deg)
    assert kept(frame(crossing, beside, oblique), seams=seams)[1] == {}


def test_a_wide_fracture_across_the_end_of_a_seam_stays():
    seams = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0)])], crs=CRS)
    assert kept(frame(bar(150, 0, 200, 40, 90)), seams=seams)[1] == {}


def test_floor_and_ponds_keep():
    floor = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100), shapely.box(300, 0, 400, 100)], crs=CRS)
    inside, in_pond = bar(50, 50, 60, 5, 20), bar(350, 50, 60, 5, 20)
    mostly, hardly, outside = bar(50, 80, 60, 5, 0), bar(50, 115, 60, 5, 0), bar(200, 50, 60, 5, 0)
    left, gone = kept(frame(inside, in_pond, mostly, hardly, outside), floor=floor)
    assert left == [inside, in_pond, mostly]
    assert gone == {hardly.wkt: "outside", outside.wkt: "outside"}
    # Without a boundary nothing can be outside of it.
    assert kept(frame(outside), floor=floor.iloc[:0])[1] == {} and kept(frame(outside))[1] == {}


def test_nothing_in_nothing_out():
    floor = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=CRS)
    seams = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (100, 0)])], crs=CRS)
    none, rejected = filter_fractures(frame(), seams=seams, floor=floor)
    assert len(none) == len(rejected) == 0 and "reason" in rejected.columns


def test_boundary_files(tmp_path):
    square = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 100, 100)], crs=CRS)
    write_vector(tmp_path / "b.gpkg", {"floor": square.to_crs(body("moon").geographic)})
    layers = read_boundary(tmp_path / "b.gpkg", CRS)
    assert layers["floor"].geometry.iloc[0].symmetric_difference(square.geometry.iloc[0]).area < 1e-3
    assert len(layers["ponds"]) == 0
    write_vector(tmp_path / "other.gpkg", {"rim": square})
    with pytest.raises(InputError, match="no layer 'floor'; its layers: rim"):
        read_boundary(tmp_path / "other.gpkg", CRS)
    mercury = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=body("mercury").geographic)
    write_vector(tmp_path / "mercury.gpkg", {"floor": mercury})
    with pytest.raises(InputError, match="lies on mercury, the map on moon"):
        read_boundary(tmp_path / "mercury.gpkg", CRS)
    with pytest.raises(InputError, match="does not exist"):
        read_boundary(tmp_path / "none.gpkg", CRS)


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (shapely.LineString([(0, 0), (1, 1)]), "holds a LineString"),
        (shapely.Point(0, 0), "holds a Point"),
        (shapely.Polygon([(0, 0), (1e30, 1), (1, 1e30)]), "off the map"),
        (shapely.Polygon([(0, 0), (float("nan"), 1), (1, 1)]), "off the map"),
    ],
)
def test_a_boundary_of_other_shapes_is_told(tmp_path, shape, found):
    other = body("moon").projected("orthographic", 0, 0)
    write_vector(tmp_path / "b.gpkg", {"floor": gpd.GeoDataFrame(geometry=[shape], crs=other)})
    with pytest.raises(InputError, match=rf"b\.gpkg: layer 'floor' .*{found}"):
        read_boundary(tmp_path / "b.gpkg", CRS)


def test_a_boundary_with_heights_and_without_shapes_is_read(tmp_path):
    shapes = [shapely.box(0, 0, 9, 9), None, shapely.Polygon(), shapely.Polygon([(0, 0, 5), (9, 0, 5), (0, 9, 5)])]
    write_vector(tmp_path / "b.gpkg", {"floor": gpd.GeoDataFrame(geometry=shapes, crs=CRS)})
    floor = read_boundary(tmp_path / "b.gpkg", CRS)["floor"]
    assert len(floor) == 2 and not floor.geometry.has_z.any()


def test_numbers_have_no_gaps():
    shapes = [shapely.box(100 * number, 0, 100 * number + size, 20) for number, size in enumerate((20, 2, 30, 1, 25))]
    columns = {"fracture": [1, 2, 3, 4, 5], "group": [1, 1, 2, 3, 3], "area_m2": [shape.area for shape in shapes]}
    fractures = gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)
    lines = gpd.GeoDataFrame({"fracture": [1, 2, 3, 3, 4, 5], "line": 0}, geometry=[shapes[0].exterior] * 6, crs=CRS)
    kept, rejected, lines = renumbered(*filter_fractures(fractures, 150.0), lines)
    assert kept.fracture.tolist() == [1, 2, 3] and rejected.fracture.tolist() == [4, 5]
    assert kept.area_m2.tolist() == [400, 600, 500] and kept.group.tolist() == [1, 2, 3]
    assert rejected.group.tolist() == [1, 3], "pieces of one stay pieces of one"
    assert lines.fracture.tolist() == [1, 4, 2, 2, 5, 3]
