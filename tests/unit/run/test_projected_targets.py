"""Targets of images that were projected elsewhere: their settings, and the names of their products."""

import re

import pytest

from imfmap.core.errors import InputError
from imfmap.run.config.complete import complete
from imfmap.run.projected_targets import product_of_raster

PLACE = {"lat": 1, "lon": 2, "diameter_km": 3}


def config(target, **processing):
    return {"run": {"name": "x"}, "processing": processing, "targets": {"theirs": {**PLACE, **target}}}


@pytest.mark.parametrize(
    "target",
    [
        {"projected": ["a.tif", "folder/b c.tif"]},
        {"projected": ["a.cub"], "image_table": "t.csv", "nodata": 255},
        {"mosaic": "a.tif", "nodata": -9999.5, "sun_azimuth_deg": 1, "incidence_deg": 2},
    ],
)
@pytest.mark.parametrize("recipe", ["paper", "sun_aligned"])
def test_settings_that_fit(target, recipe):
    done = complete({**config(target), "recipe": recipe}, "c.yaml")
    assert done["processing"]["coregistration"] == {"images": "projected", "limit_m": 200}


@pytest.mark.parametrize(
    ("target", "processing", "said"),
    [
        *(
            (
                {"projected": ["a.tif"], **other},
                {},
                "has .*; give exactly one of search, .*, projected, mosaic, simulate",
            )
            for other in ({"edrs": ["a.IMG"]}, {"mosaic": "m.tif"}, {"search": {}}, {"cubes": ["a.cub"]})
        ),
        ({"projected": []}, {}, "targets.theirs.projected: is empty"),
        ({"projected": "a.tif"}, {}, "targets.theirs.projected: 'a.tif' is no list"),
        ({"projected": ["a.tif", "a.tif"]}, {}, "'a.tif' stands twice"),
        ({"projected": ["x/a.tif", "y/a.cub"]}, {}, "x/a.tif and y/a.cub would both be product a; rename one"),
        ({"projected": ["a b.tif", "a_b.tif"]}, {}, "a b.tif and a_b.tif would both be product a_b"),
        ({"projected": ["a{x}.tif"]}, {}, "projected.0: the path has { in it; rename the file or folder"),
        ({"projected": ["a.tif"], "incidence_deg": 5}, {}, "incidence_deg: is only for targets with the key mosaic"),
        ({"edrs": ["a.IMG"], "image_table": "t.csv"}, {}, "image_table: is only for targets with the key projected"),
        ({"edrs": ["a.IMG"], "nodata": 1}, {}, "nodata: is only for targets with the key projected or mosaic"),
        ({"projected": ["a.tif"], "nodata": "255"}, {}, "'255' is no number; write 255 without quotes"),
        ({"projected": ["a.tif"]}, {"coregistration": {"limit_m": 0}}, "limit_m: 0 is out of range"),
        ({"projected": ["a.tif"]}, {"coregistration": {"images": "some"}}, "images: 'some' is not allowed"),
        (
            {"projected": ["a.tif"]},
            {"engine": "isis", "coregistration": {"images": "all"}},
            "coregistration.images: all is for the native engine",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused_in_one_line(target, processing, said):
    with pytest.raises(InputError, match=re.escape(said) if "{" in said else said) as caught:
        complete(config(target, **processing), "c.yaml")
    assert "\n" not in str(caught.value) and str(caught.value).startswith("c.yaml: ")


@pytest.mark.parametrize(
    ("path", "product"),
    [("a/S1 (north) 2.5m.tif", "S1_north_2_5m"), ("Mosaïque.tif", "Mosa_que"), ("M1LE.map.cub", "M1LE_map")],
)
def test_names_of_products(path, product):
    assert product_of_raster(path) == product
