"""Errors of measures against a made truth: what is put in wrong must come out as its error."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from rasterio.features import rasterize

from imfmap.fractures.measures import measure
from imfmap.fractures.polygons import vectorise
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import mapped_ground
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.probability_raster import create_probability, encode
from imfmap.maps.rasters import write_raster
from imfmap.maps.vectors import write_vector
from imfmap.scoring.measure_errors import error_table, truth_measures, write_error_table

GRID = MapGrid.centred(body("moon").projected("equirectangular", 12.0, 30.0), 30.0, 12.0, 1200, 1200, 1.5)
LEFT, BOTTOM, _, _ = GRID.bounds
# Start, end, width in metres: three apart, and two that cross.
TRUE = [
    ((100, 200), (300, 260), 6.0),
    ((500, 150), (780, 150), 12.0),
    ((900, 200), (1000, 500), 24.0),
    ((200, 700), (400, 900), 9.0),
    ((200, 900), (400, 700), 9.0),
]
DEPTH_M = 3.0


def truth(path):
    lines = [
        shapely.LineString(np.array([start, end], float) + (LEFT, BOTTOM)).segmentize(1.5) for start, end, _ in TRUE
    ]
    widths = [width for *_, width in TRUE]
    shapes = [line.buffer(width / 2, cap_style="flat") for line, width in zip(lines, widths, strict=True)]
    deep = [
        shapely.LineString([(x, y, width) for x, y in line.coords]) for line, width in zip(lines, widths, strict=True)
    ]
    facts = {"width_m": widths, "length_m": shapely.length(lines), "depth_m": DEPTH_M, "group": 1}
    layers = {
        "fractures": gpd.GeoDataFrame(facts, geometry=shapes, crs=GRID.crs),
        "centrelines": gpd.GeoDataFrame(facts, geometry=deep, crs=GRID.crs),
    }
    write_vector(path, layers)
    return lines


def lit_from(folder, product, azimuth_deg, incidence_deg, shapes, depths_m):
    """Path of an image in which steep walls around level floors, so deep, throw their shadows."""
    away = -np.array([np.sin(np.radians(azimuth_deg)), np.cos(np.radians(azimuth_deg))])
    lengths = np.array(depths_m) * np.tan(np.radians(incidence_deg))
    shadows = [
        shape.difference(shapely.affinity.translate(shape, *(away * length)))
        for shape, length in zip(shapes, lengths, strict=True)
    ]
    dark = rasterize(shadows, GRID.shape, transform=GRID.transform)
    facts = ImageFacts(product, "2010-01-01T00:00:00", azimuth_deg, incidence_deg, 1.0, 60.0, 1.0, "native")
    path = folder / f"{product}.tif"
    write_raster(path, np.where(dark, 0.001, 0.05).astype(np.float32), GRID, nodata=np.nan, tags=facts.tags())
    return path


def mapped_as(folder, shapes, images=()):
    """What a map of these shapes is, compared with the truth."""
    with create_probability(folder / "p.tif", GRID) as dataset:
        drawn = rasterize(shapes, GRID.shape, transform=GRID.transform)
        dataset.write(encode(np.where(drawn, 0.9, 0.1)), 1)
    fractures, lines = measure(vectorise(folder / "p.tif", 0.5), folder / "p.tif")
    mapped = mapped_ground(folder / "p.tif")
    return truth_measures(fractures, lines, folder / "truth.gpkg", folder / "p.tif", mapped, images)


def test_what_is_mapped_as_it_is_has_no_error_to_speak_of(tmp_path):
    lines = truth(tmp_path / "truth.gpkg")
    shapes = [line.buffer(width / 2, cap_style="flat") for line, (*_, width) in zip(lines, TRUE, strict=True)]
    errors, counts = mapped_as(tmp_path, shapes)
    # The crossing pair is one polygon with two true ones in it.
    assert counts == {"true": 5, "mapped": 4, "pairs": 3, "merged": 1, "false": 0}
    table = error_table(errors).set_index(["source", "measure", "width_class"])
    for source, number in (("drawn", 5), ("mapped", 3)):
        tolerances = {"length_m": 2.0, "length_percent": 1.0, "mean_width_m": 0.4, "max_width_m": 1.0}
        for name, tolerance in {**tolerances, "orientation_deg": 0.5, "sinuosity": 0.02, "segments": 0.5}.items():
            row = table.loc[source, name, "all"]
            assert row["n"] == number and abs(row["bias"]) < tolerance, (source, name)
        assert abs(table.loc[source, "local_width_m", "all"]["bias"]) < 0.3
    assert table.loc["mapped", "length_m", "tiny"]["n"] == 1
    assert table.loc["mapped", "length_m", "medium"]["true_median"] == pytest.approx(np.hypot(100, 300), abs=0.5)
    assert ("mapped", "length_m", "huge") not in table.index


def test_what_is_mapped_wider_shorter_and_turned_is_told(tmp_path):
    lines = truth(tmp_path / "truth.gpkg")
    wider = lines[0].buffer(3 + 2, cap_style="flat")
    shorter = shapely.ops.substring(lines[1], 0.2, 0.8, normalized=True).buffer(6, cap_style="flat")
    turned = shapely.affinity.rotate(lines[2].buffer(12, cap_style="flat"), 3.0)
    nothing = shapely.box(LEFT + 700, BOTTOM + 900, LEFT + 760, BOTTOM + 908)
    errors, counts = mapped_as(tmp_path, [wider, shorter, turned, nothing])
    assert counts == {"true": 5, "mapped": 4, "pairs": 3, "merged": 0, "false": 1}
    found = errors[errors["source"] == "mapped"].groupby(["measure", "width_class"])["error"].median()
    assert found["mean_width_m", "tiny"] == pytest.approx(4.0, abs=0.5)
    assert found["max_width_m", "tiny"] == pytest.approx(4.0, abs=1.0)
    assert found["local_width_m", "tiny"] == pytest.approx(4.0, abs=0.5)
    assert found["length_percent", "small"] == pytest.approx(-40.0, abs=1.5)
    # Turned against the clock: the azimuth is less.
    assert found["orientation_deg", "medium"] == pytest.approx(-3.0, abs=0.5)


def test_errors_of_depths_are_told_by_width_and_incidence(tmp_path):
    lines = truth(tmp_path / "truth.gpkg")
    shapes = [line.buffer(width / 2, cap_style="flat") for line, (*_, width) in zip(lines, TRUE, strict=True)]
    # The second is as deep as the truth says, the third is deeper by 2 m. The others are wholly dark.
    deep = [14.0, DEPTH_M, DEPTH_M + 2.0, 14.0, 14.0]
    images = [
        lit_from(tmp_path, f"M{turn}L", turn, incidence, shapes, deep) for turn, incidence in ((350, 52), (40, 63))
    ]
    errors, _ = mapped_as(tmp_path, shapes, images)
    table = error_table(errors).set_index(["source", "measure", "width_class"])
    for source in ("drawn", "mapped"):
        assert table.loc[source, "depth_m", "small"]["bias"] == pytest.approx(0.0, abs=0.5)
        for name in ("depth_m", "depth_m_incidence_60_70"):
            assert table.loc[source, name, "medium"]["bias"] == pytest.approx(2.0, abs=0.5)
        assert table.loc[source, "depth_m_incidence_50_60", "small"]["true_median"] == DEPTH_M
        assert table.loc[source, "depth_at_least_m", "tiny"]["n"] == 1


def test_half_a_fracture_and_less_are_no_pair(tmp_path):
    lines = truth(tmp_path / "truth.gpkg")
    part = shapely.ops.substring(lines[1], 0.0, 0.4, normalized=True).buffer(6, cap_style="flat")
    errors, counts = mapped_as(tmp_path, [part])
    assert counts == {"true": 5, "mapped": 1, "pairs": 0, "merged": 0, "false": 0}
    mapped = errors[errors["source"] == "mapped"]
    assert set(mapped["measure"]) == {"local_width_m"}, "its width is compared all the same"


def test_only_what_lies_on_the_map_is_asked_for(tmp_path):
    truth(tmp_path / "truth.gpkg")
    with create_probability(tmp_path / "p.tif", GRID) as dataset:
        codes = np.zeros(GRID.shape, np.uint8)
        codes[:, : round(450 / 1.5)] = 255
        dataset.write(codes, 1)
    fractures, lines = measure(vectorise(tmp_path / "p.tif", 0.5), tmp_path / "p.tif")
    mapped = mapped_ground(tmp_path / "p.tif")
    errors, counts = truth_measures(fractures, lines, tmp_path / "truth.gpkg", tmp_path / "p.tif", mapped)
    assert counts == {"true": 2, "mapped": 0, "pairs": 0, "merged": 0, "false": 0}
    assert set(errors["source"]) == {"drawn"}


def test_the_table_is_bias_and_spread(tmp_path):
    errors = pd.DataFrame(
        {"source": "mapped", "measure": "length_m", "width_class": ["tiny"] * 5 + ["large"], "true": 10.0}
    ).assign(error=[-2.0, -1.0, 0.0, 1.0, 3.0, 9.0])
    table = error_table(errors)
    assert table["width_class"].tolist() == ["all", "tiny", "large"] and table["n"].tolist() == [6, 5, 1]
    assert table["bias"].tolist() == [0.5, 0.0, 9.0] and table["spread"].iloc[2] == 0.0
    assert table["spread"].iloc[1] == pytest.approx((1.72 + 1.36) / 2, abs=0.01)
    write_error_table(tmp_path / "t.csv", table)
    assert pd.read_csv(tmp_path / "t.csv")["unit"].unique() == ["m"]
