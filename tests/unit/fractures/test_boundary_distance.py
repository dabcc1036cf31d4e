"""What is said of all fractures of a target: against fractures of known places, lengths and directions."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from PIL import Image
from pyproj import Geod

from imfmap.fractures import boundary_distance
from imfmap.fractures.accept import filter_fractures
from imfmap.fractures.boundary_distance import boundary_distances
from imfmap.fractures.density import density_map, write_density
from imfmap.fractures.measures import MEASURES
from imfmap.fractures.orientations import directions, rose
from imfmap.fractures.pond_candidates import COLUMNS, PondRule, candidate_ponds, outside_fractures
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import GroundPlane, areas_of, mapped_ground
from imfmap.maps.probability_raster import create_probability
from imfmap.products.figures.diagrams import density_figure, distance_figure, error_figure, rose_figure
from imfmap.products.tables import summarise, summarise_ground, write_profiles

MOON = body("moon")
CRS = MOON.projected("equirectangular", -10.0, -165.0)
GRID = MapGrid.centred(CRS, -165.0, -10.0, 3000, 2400, 4.0)


def lines_at(*paths, grid=GRID, width_m=8.0):
    """Centrelines along paths in metres from the grid's lower left corner, a fracture each."""
    left, bottom, _, _ = grid.bounds
    geometry = [shapely.LineString(np.array(path, float) + (left, bottom)) for path in paths]
    columns = {"fracture": np.arange(1, len(paths) + 1), "line": 0, "mean_width_m": width_m}
    frame = gpd.GeoDataFrame(columns, geometry=geometry, crs=grid.crs)
    plane = GroundPlane(grid)
    frame["length_m"] = shapely.length(plane.from_map(frame.geometry.values)) if len(paths) else np.zeros(0)
    return frame


def probability(path, grid=GRID, empty=None):
    codes = np.zeros(grid.shape, np.uint8)
    if empty:
        codes[empty] = 255
    with create_probability(path, grid) as dataset:
        dataset.write(codes, 1)
    return path


def areas(*boxes, grid=GRID):
    left, bottom, _, _ = grid.bounds
    shapes = [shapely.affinity.translate(shapely.box(*box), left, bottom) for box in boxes]
    return gpd.GeoDataFrame(geometry=shapes, crs=grid.crs)


@pytest.mark.parametrize(
    ("projection", "lat", "parallel"),
    [("equirectangular", 70.0, 0.0), ("polar_stereographic", -78.0, None), ("equirectangular", -10.0, None)],
)
def test_mapped_ground_in_true_square_kilometres(tmp_path, projection, lat, parallel):
    crs = MOON.projected(projection, lat, 20.0, parallel)
    grid = MapGrid.centred(crs, 22.0, lat, 3003, 2001, 3.0)
    mapped = mapped_ground(probability(tmp_path / "p.tif", grid, (slice(0, 100), slice(0, 500))), cell_m=20.0)
    assert mapped.grid.resolution_m == 21.0 and mapped.grid.bounds[0] == grid.bounds[0]
    # What a polygon of the same ground has on the sphere.
    rows, columns = grid.shape
    ring = [(0, 500), (0, columns), (rows, columns), (rows, 0), (100, 0), (100, 500)]
    corners = np.array(shapely.Polygon(ring).segmentize(5.0).exterior.coords) - 0.5
    area = abs(Geod(a=MOON.radius_m, b=MOON.radius_m).polygon_area_perimeter(*grid.lonlat(*corners.T))[0]) / 1e6
    assert mapped.total_km2 == pytest.approx(area, rel=2e-4)
    plane = GroundPlane(grid)
    polygon = shapely.Polygon(np.column_stack(grid.xy(*corners.T)))
    assert plane.from_map([polygon])[0].area / 1e6 == pytest.approx(area, rel=1e-6)
    assert mapped.within(gpd.GeoDataFrame(geometry=[], crs=crs)).total_km2 == 0


def test_distances_on_the_plane_are_the_spheres(tmp_path):
    grid = MapGrid.centred(CRS, -165.0, -10.0, 100_000, 100_000, 100.0)
    left, bottom, right, top = grid.bounds
    ends = np.array([[left, bottom], [left, top], [(left + right) / 2, (bottom + top) / 2]])
    flat = shapely.get_coordinates(GroundPlane(grid).from_map(shapely.points(ends)))
    lon, lat = grid.lonlat(*grid.rowcol(*ends.T))
    geod = Geod(a=MOON.radius_m, b=MOON.radius_m)
    for one, other in ((0, 1), (0, 2)):
        true = geod.inv(lon[one], lat[one], lon[other], lat[other])[2]
        assert np.hypot(*(flat[one] - flat[other])) == pytest.approx(true, rel=1e-3)


def test_the_density_of_even_lines_is_their_length_over_the_ground(tmp_path):
    mapped = mapped_ground(probability(tmp_path / "p.tif"), cell_m=25.0)
    # Every 50 m a line across the whole map: 20 km in every km2, one line for 0.05 km x 3 km.
    lines = lines_at(*[[(0, y), (3000, y)] for y in range(25, 2400, 50)])
    bands = density_map(lines, mapped, GroundPlane(GRID), 250.0)
    assert bands.shape == (2, *mapped.grid.shape) and np.isfinite(bands).all()
    inner = bands[0][5:-5, 5:-5]
    np.testing.assert_allclose(inner, 20.0, rtol=0.05)
    # Up to the edge of the map, since the ground beyond it does not count.
    assert bands[0].min() > 0.85 * 20 and bands[0].max() < 1.15 * 20
    middle = bands[1][:, mapped.grid.shape[1] // 2]
    assert np.median(middle) == pytest.approx(10 / (np.pi * 0.25**2), rel=0.15), "the middles of 10 lines in a circle"


def test_density_far_from_the_standard_parallel_and_beside_nothing(tmp_path):
    crs = MOON.projected("equirectangular", 0.0, 0.0)
    grid = MapGrid.centred(crs, 0.0, 60.0, 6000, 3000, 4.0)
    path = probability(tmp_path / "p.tif", grid, (slice(None), slice(0, 700)))
    mapped, plane = mapped_ground(path, cell_m=25.0), GroundPlane(grid)
    # Lines along parallels, twice as long on the map as on the ground: 3 km each.
    lines = lines_at(*[[(0, y), (6000, y)] for y in range(25, 3000, 50)], grid=grid)
    assert lines.length_m.iloc[0] == pytest.approx(3000, rel=2e-3)
    bands = density_map(lines, mapped, plane, 250.0)
    assert np.isnan(bands[0][mapped.share == 0]).all()
    seen = np.flatnonzero(mapped.share[0] > 0)
    assert np.isfinite(bands[0][:, seen[1] :]).all()
    np.testing.assert_allclose(bands[0][12:-12, seen[0] + 24 : -24], 20.0, rtol=0.05)
    write_density(tmp_path / "d.tif", bands, mapped, 250.0)
    with rasterio.open(tmp_path / "d.tif") as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG" and dataset.tags()["IMF_DENSITY_RADIUS_M"] == "250"
        assert dataset.descriptions == ("fracture length, km per km2", "fractures, per km2")
        np.testing.assert_array_equal(dataset.read(), bands)
        assert MapGrid.of(dataset).bounds == pytest.approx(mapped.grid.bounds)


def test_no_fractures_have_no_density_but_ground(tmp_path):
    mapped = mapped_ground(probability(tmp_path / "p.tif"), cell_m=25.0)
    bands = density_map(lines_at(), mapped, GroundPlane(GRID), 250.0)
    assert (bands == 0).all()


@pytest.mark.parametrize(("projection", "lat"), [("equirectangular", -10.0), ("polar_stereographic", 78.0)])
def test_directions_are_those_on_the_ground(projection, lat):
    grid = MapGrid.centred(MOON.projected(projection, lat, 20.0), 50.0, lat, 3000, 3000, 4.0)
    geod = Geod(a=MOON.radius_m, b=MOON.radius_m)
    lon, latitude = grid.lonlat(375, 375)
    paths = []
    for azimuth, length in ((15.0, 400.0), (15.0, 200.0), (105.0, 300.0)):
        end = geod.fwd(float(lon), float(latitude), azimuth, length)[:2]
        paths.append(shapely.LineString([grid.xy(375, 375), grid.xy(*grid.rowcol_of_lonlat(*end))]))
    frame = gpd.GeoDataFrame(
        {"fracture": [1, 2, 3], "line": 0, "mean_width_m": 8.0, "length_m": [400.0, 200.0, 300.0]},
        geometry=paths, crs=grid.crs,
    )  # fmt: skip
    axis, length = directions(frame, grid)
    assert length.sum() == pytest.approx(900.0) and len(axis) == 10 + 5 + 8
    said = rose(axis, length)
    assert said["length_km"][1] == pytest.approx(0.6) and said["length_km"][10] == pytest.approx(0.3)
    assert sum(said["length_km"]) == pytest.approx(0.9)
    # Two axes at a right angle: the longer one, weakened by the other.
    assert said["mean_axis_deg"] == pytest.approx(15.0, abs=0.2) and said["strength"] == pytest.approx(1 / 3, abs=0.01)


def test_a_rose_of_nothing_and_of_all_directions():
    assert rose(np.zeros(0), np.zeros(0))["mean_axis_deg"] is None
    even = rose(np.arange(0.5, 180.0), np.ones(180))
    assert even["strength"] == 0.0 and set(even["length_km"]) == {0.01}


@pytest.fixture
def coarse(monkeypatch):
    """The mesh of distances coarse enough for a test: 10 m."""
    monkeypatch.setattr(boundary_distance, "_NODES", 300)


def scattered(rng, count, low, high):
    """Short fractures of any direction whose middles lie between two distances from the map's top, the wall."""
    middle = np.column_stack([rng.uniform(0, 3000, count), 2400 - rng.uniform(low, high, count)])
    turn = rng.uniform(0, np.pi, count)
    half = 30 * np.column_stack([np.cos(turn), np.sin(turn)])
    return lines_at(*np.stack([middle - half, middle + half], axis=1))


@pytest.mark.usefixtures("coarse")
def test_fractures_near_the_wall_are_told_from_random_ones(tmp_path):
    rng = np.random.default_rng(3)
    # The floor reaches past the map on three sides, where it was cut straight; its upper edge is the wall.
    wall = [(x, 2200 + 40 * np.sin(x / 200)) for x in np.arange(-200, 3201, 50)]
    floor = areas((0, 0, 1, 1))
    left, bottom, _, _ = GRID.bounds
    ring = np.array([*wall, (3200, -200), (-200, -200)]) + (left, bottom)
    floor.loc[0, "geometry"] = shapely.Polygon(ring)
    mapped, plane = mapped_ground(probability(tmp_path / "p.tif")), GroundPlane(GRID)
    near = boundary_distances(scattered(rng, 60, 250, 500), floor, mapped, plane, 99, 1)
    assert near.observed_mean_m == pytest.approx(175, abs=40) and near.p_value == 0.01
    assert near.expected_mean_m == pytest.approx(1100, rel=0.08), "half of what the floor is wide"
    assert near.observed_mean_m < near.mean_range_m[0] and (near.observed >= near.high - 1e-9)[5:40].all()
    assert near.observed[0] == 0 and near.observed[-1] == near.expected[-1] == 1
    assert np.all(np.diff(near.observed) >= 0) and (near.low <= near.expected + 1e-9).all()
    assert near.floor_km2 == pytest.approx(3.0 * 2.2, rel=0.01)
    anywhere = boundary_distances(scattered(rng, 60, 240, 2400), floor, mapped, plane, 99, 1)
    assert anywhere.p_value > 0.05
    inside = (anywhere.observed >= anywhere.low) & (anywhere.observed <= anywhere.high)
    assert inside.mean() > 0.85
    again = boundary_distances(scattered(np.random.default_rng(3), 60, 250, 500), floor, mapped, plane, 99, 1)
    assert again.summary() == near.summary()
    json.dumps(near.summary(), allow_nan=False)


@pytest.mark.usefixtures("coarse")
def test_random_sets_stay_on_the_ground_that_is_seen(tmp_path):
    # Images cover the half near the wall only: there lies the random expectation too.
    path = probability(tmp_path / "p.tif", empty=(slice(300, None), slice(None)))
    found = boundary_distances(
        scattered(np.random.default_rng(5), 40, 50, 1150),
        areas((0, 0, 3000, 2390)),
        mapped_ground(path),
        GroundPlane(GRID),
        99,
        1,
    )
    assert found is None, "an outline straight along its own box is no wall"
    floor = areas((0, 0, 3000, 2350))
    floor["geometry"] = floor.geometry.union(areas((1400, 2350, 1600, 2399)).geometry)
    found = boundary_distances(
        scattered(np.random.default_rng(5), 40, 50, 1150), floor, mapped_ground(path), GroundPlane(GRID), 99, 1
    )
    assert found.floor_km2 == pytest.approx(3 * 1.15 + 0.2 * 0.05, rel=0.02)
    assert found.distance_m[-1] == pytest.approx(1150, abs=15) and found.p_value > 0.02
    assert found.expected_mean_m == pytest.approx(575, rel=0.06)


@pytest.mark.usefixtures("coarse")
def test_without_wall_or_fracture_there_is_no_distance(tmp_path):
    mapped, plane = mapped_ground(probability(tmp_path / "p.tif")), GroundPlane(GRID)
    assert boundary_distances(lines_at(), areas((100, 100, 900, 900)), mapped, plane, 19, 1) is None
    lines = lines_at([(1000, 1000), (1100, 1000)])
    assert boundary_distances(lines, areas(), mapped, plane, 19, 1) is None
    triangle = areas((0, 0, 1, 1))
    left, bottom, _, _ = GRID.bounds
    triangle.loc[0, "geometry"] = shapely.Polygon(np.array([(100, 100), (900, 200), (400, 900)]) + (left, bottom))
    assert boundary_distances(lines, triangle, mapped, plane, 19, 1) is None, "none on the floor"


def bars(*places, length=60.0, width=6.0, crs=CRS, origin=GRID.bounds[:2]):
    """Fractures as bars around places, with what counts of them."""
    bar = shapely.box(-length / 2, -width / 2, length / 2, width / 2)
    shapes = [shapely.affinity.translate(bar, x + origin[0], y + origin[1]) for x, y in places]
    frame = gpd.GeoDataFrame({name: np.ones(len(shapes)) for name in MEASURES}, geometry=shapes, crs=crs)
    frame["area_m2"], frame["total_length_m"], frame["confidence"] = length * width, length, 0.8
    return frame.assign(fracture=np.arange(1, len(shapes) + 1), group=1)


# Six in a patch, no more than 140 m apart; two far off; and six on the floor.
PATCH = [(1500 + 130 * column, 1500 + 90 * row) for row in range(2) for column in range(3)]
OFF = [(2700, 300), (2800, 320)]
ON_FLOOR = [(300 + 90 * column, 300) for column in range(6)]


def test_clusters_outside_floor_and_ponds_are_candidates():
    floor = areas((0, 0, 1000, 1000))
    fractures = bars(*PATCH, *OFF, *ON_FLOOR)
    kept, rejected = filter_fractures(fractures, floor=floor)
    assert len(kept) == 6 and (rejected.reason == "outside").all()
    outside = outside_fractures(kept, rejected, floor)
    assert sorted(outside.fracture) == [1, 2, 3, 4, 5, 6, 7, 8]
    found = candidate_ponds(outside, GRID, PondRule(gap_m=100.0, min_fractures=4, min_length_m=300.0), floor)
    (pond,) = found.itertuples()
    assert set(found.columns) == {*COLUMNS, "geometry"}
    assert (pond.pond, pond.fractures, pond.total_length_m) == (1, 6, 360.0) and pond.confidence == 0.8
    patch = shapely.union_all(fractures.geometry[:6])
    assert pond.geometry.contains(patch.convex_hull) and pond.geometry.geom_type == "Polygon"
    assert patch.distance(pond.geometry.exterior) == pytest.approx(25.0, rel=0.1)
    assert pond.area_m2 == pytest.approx(pond.geometry.area, rel=1e-3)
    assert pond.density_km_km2 == pytest.approx(1e3 * 360 / pond.area_m2, rel=1e-3)
    assert found.crs == CRS and pond.lat_deg == pytest.approx(-10.0, abs=0.05)


def test_what_makes_a_candidate():
    fractures = bars(*PATCH, *OFF)
    rules = [(100.0, 6, 0.0), (100.0, 7, 0.0), (100.0, 2, 0.0), (100.0, 2, 200.0), (10.0, 2, 0.0), (2000.0, 8, 0.0)]
    assert [len(candidate_ponds(fractures, GRID, PondRule(*rule))) for rule in rules] == [1, 0, 2, 1, 0, 1]
    assert len(candidate_ponds(fractures.iloc[:0], GRID, PondRule())) == 0


def test_gaps_are_metres_on_the_ground():
    # At 60 degrees on a map true at the equator, 140 m on the map are 70 m on the ground from east to west.
    crs = MOON.projected("equirectangular", 0.0, 0.0)
    grid = MapGrid.centred(crs, 0.0, 60.0, 3000, 2400, 4.0)
    fractures = bars(*[(500 + 200 * n, 500) for n in range(5)], crs=crs, origin=grid.bounds[:2])
    assert len(candidate_ponds(fractures, grid, PondRule(75.0, 5, 0.0))) == 1
    assert len(candidate_ponds(fractures, grid, PondRule(65.0, 2, 0.0))) == 0


def test_known_ponds_are_cut_out_and_without_a_boundary_all_count():
    known = areas((1600, 1400, 1700, 1800))
    (pond,) = candidate_ponds(bars(*PATCH), GRID, PondRule(100.0, 5, 0.0), known).itertuples()
    assert pond.geometry.intersection(known.geometry[0]).area < 1.0
    (pond,) = candidate_ponds(bars(*[(x, 20) for x in range(200, 700, 90)]), GRID, PondRule(200.0, 5, 0.0)).itertuples()
    assert pond.geometry.bounds[1] == pytest.approx(GRID.bounds[1], abs=0.5), "it ends where the map does"
    kept, rejected = filter_fractures(bars(*PATCH))
    assert len(outside_fractures(kept, rejected)) == 6
    # With the filter off, those outside are among the kept ones.
    kept, rejected = filter_fractures(bars(*PATCH, *ON_FLOOR))
    assert len(outside_fractures(kept, rejected, areas((0, 0, 1000, 1000)))) == 6


def test_the_summary_counts_classes_and_ground():
    fractures = bars(*PATCH)
    fractures["mean_width_m"] = [4.0, 7.4, 7.5, 20.0, 50.0, 44.9]
    said = summarise(fractures, fractures.iloc[:0].assign(reason=[]))["fractures"]["width_classes"]
    assert [said[name]["polygons"] for name in said] == [2, 1, 1, 1, 1] and said["tiny"]["share"] == 0.3333
    assert said["huge"]["total_length_m"] == 60.0 and said["tiny"]["area_m2"] == 720.0
    ground = summarise_ground(fractures, 2.0, 4.0, np.array([[[np.nan, 3.0, 1.0]], [[0.0, 0.0, 0.0]]]))
    assert ground["length_km_per_km2"] == 0.18 and ground["fractures_per_km2"] == 3.0
    assert ground["area_percent"] == pytest.approx(100 * 6 * 360 / 2e6) and ground["largest_km_per_km2"] == 3.0
    assert summarise_ground(fractures, 0.0, 0.0, np.full((2, 1, 1), np.nan))["length_km_per_km2"] is None


def test_profiles_as_a_table_say_where(tmp_path):
    lines = lines_at([(100, 100), (400, 100)], [(500, 500), (500, 700)])
    lines["distances_m"], lines["widths_m"] = "[75.0, 225.0]", ["[5.0, 6.0]", "[7.0, 8.0]"]
    lines = pd.concat([lines, lines.iloc[:1].assign(line=1, widths_m=None, distances_m=None)], ignore_index=True)
    write_profiles(tmp_path / "w.csv", lines)
    table = pd.read_csv(tmp_path / "w.csv")
    assert list(table.columns) == ["fracture", "distance_m", "width_m", "lon_deg", "lat_deg"]
    assert table["fracture"].tolist() == [1, 1, 2, 2] and table["width_m"].tolist() == [5.0, 6.0, 7.0, 8.0]
    left, bottom, _, _ = GRID.bounds
    lon, lat = MOON.to_lonlat(CRS).transform(left + 175, bottom + 100)
    assert (table["lon_deg"][0], table["lat_deg"][0]) == pytest.approx((lon, lat), abs=1e-5)
    write_profiles(tmp_path / "none.csv", lines.iloc[:0])
    assert len(pd.read_csv(tmp_path / "none.csv")) == 0


@pytest.mark.usefixtures("coarse")
def test_figures_are_drawn_with_and_without_fractures(tmp_path):
    mapped, plane = mapped_ground(probability(tmp_path / "p.tif"), cell_m=25.0), GroundPlane(GRID)
    ponds = candidate_ponds(bars(*PATCH), GRID, PondRule(100.0, 5, 0.0))
    floor = areas((0, 0, 900, 900))
    floor["geometry"] = floor.geometry.buffer(60)
    for name, lines in (("some", scattered(np.random.default_rng(1), 30, 1600, 2300)), ("none", lines_at())):
        boundary = {"floor": floor, "ponds": areas((1000, 1000, 1100, 1100)), "candidates": ponds}
        density = density_map(lines, mapped, plane, 250.0)
        density_figure([tmp_path / f"{name}.png"], density, mapped, lines, boundary, 250.0, "A floor")
        rose_figure([tmp_path / f"{name}.rose.png"], rose(*directions(lines, GRID)), "A floor")
        distances = boundary_distances(lines, floor, mapped, plane, 19, 1)
        assert (distances is None) == (name == "none")
        distance_figure([tmp_path / f"{name}.d.png"], distances, "A floor")
        for picture in (f"{name}.png", f"{name}.rose.png", f"{name}.d.png"):
            assert np.ptp(np.array(Image.open(tmp_path / picture).convert("L"), int)) > 150
    table = pd.DataFrame(
        [("drawn", "mean_width_m", "m", "tiny", 4, 5.0, 0.1, 0.2)],
        columns=["source", "measure", "unit", "width_class", "n", "true_median", "bias", "spread"],
    )
    counts = {"true": 9, "mapped": 5, "pairs": 2, "merged": 1, "false": 1}
    error_figure([tmp_path / "e.png"], table, counts, "A floor")


def test_layers_of_a_boundary_together():
    both = areas_of({"floor": areas((0, 0, 10, 10)), "ponds": areas((20, 0, 30, 10))}, "floor", "ponds")
    assert len(both) == 2 and both.crs == CRS
    none = gpd.GeoDataFrame(geometry=[shapely.Polygon(), None], crs=CRS)
    assert len(areas_of({"floor": none, "ponds": none.iloc[:0]}, "floor", "ponds")) == 0
