"""The STAC catalogue: valid, relative, and telling the truth of the files it points to.

The core is validated by the schemas that pystac ships; PROJJSON by the one that pyproj ships. Those of the extensions
are on the network only: what they ask of the fields that are used here is said again below (projection 2.0.0,
scientific 1.0.0, view 1.0.0, ssys 1.1.0).
"""

import json
import os
import shutil
from pathlib import Path

import jsonschema
import pyproj.datadir
import pystac
import pytest
import rasterio
from hypothesis import given
from pyproj import CRS
from pystac.validation.stac_validator import JsonSchemaSTACValidator

from imfmap.maps.bodies import body
from imfmap.products.stac import StacText, write_catalog, write_collection
from tests.helpers.generated import examples, titles
from tests.helpers.target_factory import PRODUCTS, target_grid, write_target

NUMBER = {"type": "number"}
EXTENSIONS = {
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json": {
        "proj:code": {"type": ["string", "null"], "pattern": "^[A-Za-z0-9_-]+:.+$"},
        "proj:wkt2": {"type": ["string", "null"]},
        "proj:projjson": {"type": ["object", "null"]},
        "proj:bbox": {"type": "array", "items": NUMBER, "minItems": 4, "maxItems": 4},
        "proj:shape": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
        "proj:transform": {"type": "array", "items": NUMBER, "minItems": 6, "maxItems": 9},
    },
    "https://stac-extensions.github.io/scientific/v1.0.0/schema.json": {
        "sci:publications": {
            "type": "array",
            "minItems": 1,
            "items": {
                "properties": {"doi": {"pattern": r"^10\.[0-9a-zA-Z]{4,}/[^\s]+$"}, "citation": {"type": "string"}}
            },
        },
    },
    "https://stac-extensions.github.io/view/v1.0.0/schema.json": {
        "view:incidence_angle": {**NUMBER, "minimum": 0, "maximum": 90},
        "view:sun_azimuth": {**NUMBER, "minimum": 0, "maximum": 360},
        "view:sun_elevation": {**NUMBER, "minimum": -90, "maximum": 90},
    },
    "https://stac-extensions.github.io/ssys/v1.1.0/schema.json": {
        "ssys:targets": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    },
}


def validate(item):
    said = item.to_dict(include_self_link=False)
    validator = JsonSchemaSTACValidator()
    validator.validate_core(json.loads(json.dumps(said)), item.STAC_OBJECT_TYPE, pystac.get_stac_version())
    place = said.get("properties", said)
    assert set(said.get("stac_extensions", [])) <= set(EXTENSIONS)
    for uri, fields in EXTENSIONS.items():
        prefix = next(iter(fields)).split(":")[0] + ":"
        used = {key: value for key, value in place.items() if key.startswith(prefix)}
        assert bool(used) == (uri in said["stac_extensions"]), uri
        jsonschema.validate(used, {"properties": fields, "additionalProperties": False})


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stac") / "run"
    target = write_target(folder / "floor")
    names = [
        "mosaic.tif",
        "mosaic_sources.tif",
        "probability.tif",
        "fractures.gpkg",
        "fractures.shp",
        "fractures.geojson",
    ]
    files = [target / name for name in [*names, "footprints.gpkg", "summary.json"]]
    write_collection(target / "stac", StacText("floor", "A floor", "How", ("NASA/GSFC/ASU",)), files, target.images)
    write_catalog(folder / "catalog.json", "run", [target / "stac" / "collection.json"])
    return target, folder / "catalog.json"


def test_every_object_is_valid(catalogue):
    catalog = pystac.Catalog.from_file(str(catalogue[1]))
    JsonSchemaSTACValidator().validate_core(catalog.to_dict(), catalog.STAC_OBJECT_TYPE, pystac.get_stac_version())
    (collection,) = catalog.get_children()
    assert [(one.name, one.roles) for one in collection.providers] == [
        ("NASA/GSFC/ASU", ["producer"]),
        ("imfmap", ["processor"]),
    ]
    JsonSchemaSTACValidator().validate_core(
        json.loads(json.dumps(collection.to_dict())), collection.STAC_OBJECT_TYPE, pystac.get_stac_version()
    )
    items = list(catalog.get_items(recursive=True))
    assert [item.id for item in items] == ["floor", *PRODUCTS]
    for item in items:
        validate(item)
    schema = json.loads(Path(pyproj.datadir.get_data_dir(), "projjson.schema.json").read_text())
    jsonschema.validate(items[0].properties["proj:projjson"], schema)


def test_validation_can_fail(catalogue):
    item = next(pystac.Catalog.from_file(str(catalogue[1])).get_items(recursive=True))
    item.properties["proj:shape"] = [1.5, 2]
    with pytest.raises(jsonschema.ValidationError):
        validate(item)


def test_links_are_relative_and_lead_to_files_wherever_the_run_lies(catalogue, tmp_path):
    shutil.copytree(catalogue[1].parent, tmp_path / "moved")
    for path in (tmp_path / "moved").rglob("*.json"):
        said = json.loads(path.read_text())
        links = [*said.get("links", []), *said.get("assets", {}).values()]
        hrefs = [link["href"] for link in links if link.get("rel") != "cite-as"]
        for href in hrefs:
            assert not href.startswith(("/", "http")) and (path.parent / href).exists(), (path.name, href)
    items = list(pystac.Catalog.from_file(str(tmp_path / "moved" / "catalog.json")).get_items(recursive=True))
    assert {"mosaic", "probability", "fractures_gpkg"} <= set(items[0].assets) and "image" in items[1].assets
    assert all(Path(asset.get_absolute_href()).is_relative_to(tmp_path) for asset in items[0].assets.values())


def test_the_projection_is_the_rasters(catalogue):
    target, path = catalogue
    items = list(pystac.Catalog.from_file(str(path)).get_items(recursive=True))
    for item, name in zip(items, ["mosaic", "image", "image"], strict=True):
        with rasterio.open(item.assets[name].get_absolute_href()) as dataset:
            assert item.properties["proj:shape"] == list(dataset.shape)
            assert item.properties["proj:transform"][:6] == list(dataset.transform)[:6]
            for said in (item.properties["proj:wkt2"], json.dumps(item.properties["proj:projjson"])):
                crs = CRS.from_user_input(said)
                assert crs.geodetic_crs.name == CRS.from_authority("IAU_2015", 30100).name
                steps = [each.coordinate_operation.to_proj4().split("+step")[-1] for each in (crs, target.grid.crs)]
                assert steps[0] == steps[1]
            if name == "mosaic":
                assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
                assert "cloud-optimized" in item.assets[name].media_type


def test_items_say_when_where_and_under_which_sun(catalogue):
    target, path = catalogue
    whole, first, second = pystac.Catalog.from_file(str(path)).get_items(recursive=True)
    assert first.datetime.isoformat().startswith("2010-06-01T10:00:00")
    assert whole.properties["start_datetime"] < whole.properties["end_datetime"]
    assert first.properties["view:sun_azimuth"] == pytest.approx(275, abs=0.1)
    assert first.properties["view:sun_elevation"] == 48.0 and first.properties["view:incidence_angle"] == 1.5
    assert whole.properties["ssys:targets"] == ["Moon"]
    lon, lat = target.grid.lonlat(0, 0)
    assert whole.bbox[0] == pytest.approx(lon, abs=1e-4) and whole.bbox[3] == pytest.approx(lat, abs=1e-4)
    # The second image begins 100 rows further south.
    assert second.bbox[3] == pytest.approx(target.grid.lonlat(100, 0)[1], abs=1e-4)


def test_a_mosaic_without_images_has_the_time_of_its_file(tmp_path):
    target = write_target(tmp_path / "m", target_grid(body_name="mercury"))
    write_collection(target / "stac", StacText("m", "M", "How"), [target / "mosaic.tif"])
    (item,) = pystac.Collection.from_file(str(target / "stac" / "collection.json")).get_items()
    validate(item)
    assert item.properties["ssys:targets"] == ["Mercury"]
    assert body("mercury").radius_m == CRS.from_wkt(item.properties["proj:wkt2"]).ellipsoid.semi_major_metre


def test_an_image_of_which_little_is_known_says_no_more(tmp_path):
    target = write_target(tmp_path / "m")
    with rasterio.open(target.images[0], "r+") as image:
        image.update_tags(IMF_START_TIME="unknown", IMF_EMISSION_DEG="nan", IMF_PHASE_DEG="nan")
    os.utime(target.images[0], (1_300_000_000, 1_300_000_000))
    write_collection(target / "stac", StacText("m", "M", "How"), [target / "mosaic.tif"], target.images)
    items = pystac.Collection.from_file(str(target / "stac" / "collection.json")).get_items()
    (item,) = (item for item in items if item.id == PRODUCTS[0])
    validate(item)
    assert item.datetime.isoformat() == "2011-03-13T07:06:40+00:00"
    assert "view:incidence_angle" not in item.properties and item.properties["view:sun_elevation"] == 48


@given(titles())
@examples(6)
def test_a_collection_of_any_title_is_read_again(titled, title):
    write_collection(titled / "stac", StacText("floor", title, title), [titled / "mosaic.tif"])
    again = json.loads((titled / "stac" / "collection.json").read_text())
    assert (again["title"], again["description"]) == (title, title)


@pytest.fixture(scope="module")
def titled(tmp_path_factory):
    return write_target(tmp_path_factory.mktemp("titled"))
