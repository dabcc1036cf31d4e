"""Boxes of longitude and latitude, as ISIS takes them."""

import numpy as np
import pytest

from imfmap.core.errors import InputError
from imfmap.engines.isis import boxes, commands
from imfmap.maps.target_grid import target_grid
from tests.helpers.isis_cubes import GRID, PLACE
from tests.isis_standins.grids import map_grid


def template(place):
    """Mapping group that a target's map is made of, by way of the stand-in for maptemplate."""
    box = boxes.LonLatBox.of_grid(target_grid(place), place)
    return commands.template("t.map", place, box).parameters


def test_the_map_template_spans_the_target():
    mapping = template(PLACE)
    # A quarter of a pixel beyond the outer pixel centres: ISIS rounds the size to whole pixels.
    lon, lat = GRID.lonlat([-0.25, GRID.shape[0] - 0.75], [-0.25, GRID.shape[1] - 0.75])
    assert mapping["projection"] == "EQUIRECTANGULAR" and mapping["resolution"] == 1.5
    assert mapping["clat"] == -10.4 and mapping["londom"] == 180 and mapping["clon"] == pytest.approx(-165.1)
    sides = [mapping[name] for name in ("minlon", "maxlon", "maxlat", "minlat")]
    assert sides == pytest.approx([*lon, *lat], abs=1e-9)


def test_the_standard_parallel_is_the_configs():
    assert template({**PLACE, "standard_parallel_deg": 20.0})["clat"] == 20.0


@pytest.mark.parametrize("projection", ["polar_stereographic", "orthographic"])
def test_the_map_template_of_a_pole_takes_the_cap(projection):
    mapping = template({**PLACE, "lat": -89.995, "projection": projection})
    assert mapping["minlat"] == -90 and (mapping["minlon"], mapping["maxlon"]) == (0, 360)


def test_a_target_on_the_180th_meridian_is_one_box():
    mapping = template({**PLACE, "lon": 179.999})
    assert mapping["londom"] == 360 and 179.9 < mapping["minlon"] < 180 < mapping["maxlon"] < 180.1
    mapping = template({**PLACE, "lon": -179.999})
    assert mapping["minlon"] < mapping["clon"] < mapping["maxlon"]


def test_an_image_off_the_map_is_refused_by_name():
    box = boxes.LonLatBox(-165.2, -165.0, -10.5, -10.3, 180)
    other = boxes.LonLatBox(-165.1, -164.0, -10.4, -9.0, 180)
    common = box.common_with(other, "M1.cub")
    assert (common.west, common.east, common.south, common.north) == (-165.1, -165.0, -10.4, -10.3)
    with pytest.raises(InputError, match="M1.cub: lies wholly off the target's map: it covers 10.000 to 11.000"):
        box.common_with(boxes.LonLatBox(10, 11, -10.4, -9.0, 180), "M1.cub")


def test_ranges_as_mosrange_writes_them(tmp_path):
    path = tmp_path / "range.map"
    path.write_text(
        "Group = Mapping\n  LongitudeDomain = 180\n  MinPixelResolution = 0.5 <meters/pixel>\n"
        "  MinimumLatitude = -11.0\n  MaximumLatitude = -10.0\n  MinimumLongitude = -166.0\n"
        "  MaximumLongitude = -165.0\nEnd_Group\nEnd\n"
    )
    assert boxes.read_range(path) == (boxes.LonLatBox(-166.0, -165.0, -11.0, -10.0, 180), 0.5)
    path.write_text("Group = Mapping\nEnd_Group\nEnd\n")
    with pytest.raises(InputError, match="range.map: is not what mosrange writes"):
        boxes.read_range(path)


def isis_grid(place):
    """The map that cam2map makes of a target's box, by the stand-in, which rounds as ISIS does."""
    box = boxes.LonLatBox.of_grid(target_grid(place), place)
    words = commands.template("t.map", place, box).parameters
    mapping = {
        "ProjectionName": words["projection"],
        "CenterLongitude": words["clon"],
        "CenterLatitude": words.get("clat", 0.0),
        "TargetName": words["targetname"],
        "PixelResolution": words["resolution"],
    }
    return map_grid(mapping, {name: str(value) for name, value in box.parameters().items()})


LONGITUDES = (-165.1, -179.999, 0.0, 15.25, 180.0)
ANYWHERE = [
    *({"lat": lat, "lon": lon} for lat in (-61.3, -10.4, 0.0, 33.7) for lon in LONGITUDES),
    *({"lat": lat, "diameter_km": size} for lat in (-40.0, 21.7) for size in (0.3, 0.77, 1.5, 2.345, 3.1)),
    *({"standard_parallel_deg": lat, "resolution_m": size} for lat in (0.0, 35.0) for size in (0.7, 1.5, 2.5)),
]
for projection, lats in (
    ("sinusoidal", (-52, 8.5)),
    ("orthographic", (-52, 8.5)),
    ("polar_stereographic", (-89, 88.2)),
):
    ANYWHERE += [{"projection": projection, "lat": lat, "lon": lon} for lat in lats for lon in LONGITUDES]


@pytest.mark.parametrize("place", ANYWHERE)
def test_no_row_or_column_of_the_target_is_lost_where_isis_rounds(place):
    place = {**PLACE, **place}
    grid, isis = target_grid(place), isis_grid(place)
    row, column = isis.rowcol(*grid.xy([0, grid.shape[0] - 1], [0, grid.shape[1] - 1]))
    assert np.abs(np.array([row, column]) - np.rint([row, column])).max() < 1e-3
    row, column = np.rint([row, column])
    assert row[0] >= 0 and column[0] >= 0 and row[1] < isis.shape[0] and column[1] < isis.shape[1]
    if place["projection"] == "equirectangular":
        assert isis.shape == grid.shape
