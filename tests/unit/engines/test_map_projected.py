"""Images that were projected elsewhere: laid on the target's map, with the Sun that is given or computed."""

import json
import logging
from xml.sax.saxutils import escape

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import example, settings
from hypothesis import given as generated
from hypothesis import strategies as st

from imfmap.core.errors import InputError
from imfmap.engines.map_projected import facts_of_raster, raster_to_map
from imfmap.maps.bodies import body
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_facts import ImageFacts
from imfmap.maps.rasters import read_raster
from tests.helpers.foreign_rasters import GRID, OTHERS, given, inner, relief, truth
from tests.helpers.generated import examples
from tests.helpers.target_factory import target_grid

MOON = GRID.crs.to_wkt()
SUN = {"sun_azimuth_deg": 250.0, "incidence_deg": 62.0}
# At this time the Sun stood high over the target, at -10.4 N 165 W.
TIME = "2010-01-15T07:11:00"
MERCATOR = body("moon").radius_m * np.cos(np.radians(-10.4))


def as_image(path, grid=GRID, known=SUN, **options):
    """Take in as an image; values, facts."""
    out = path.with_name("image_out.tif")
    facts = raster_to_map(path, grid, out, "theirs", known, **options)
    values, own, tags = read_raster(out)
    assert own.transform == grid.transform and own.shape == grid.shape and values.dtype == np.float32
    assert str(ImageFacts.from_tags(tags, out)) == str(facts)
    return values, facts


def test_a_mosaic_under_one_sun_is_an_image(tmp_path):
    values = np.random.default_rng(2).normal(0.06, 0.01, GRID.shape).astype(np.float32)
    values[:40] = np.nan
    path = given(tmp_path / "theirs.tif", MOON, GRID.transform, GRID.shape, values, dtype="float32", nodata=np.nan)
    image, facts = as_image(path)
    # I/F stays I/F, and pixels that lie on the target's grid stay what they are.
    np.testing.assert_allclose(image, values, rtol=1e-6)
    assert facts.product == "theirs" and facts.incidence_deg == 62.0
    assert facts.ground_resolution_m == pytest.approx(1.5, rel=1e-4) and facts.start_time == "unknown"
    assert facts.sun_azimuth_deg == pytest.approx(250.0, abs=0.1) and np.isnan(facts.emission_deg)
    # Off the middle of a polar map, north is not up.
    polar = target_grid("polar_stereographic", lat_deg=-80.0, lon_deg=0.0, size=(200, 200))
    crs = body("moon").projected("polar_stereographic", -80.0, 90.0)
    aside = MapGrid.centred(crs, 0.0, -80.0, 300, 300, 1.5)
    path = given(tmp_path / "pole.tif", polar.crs.to_wkt(), polar.transform, polar.shape, np.full((200, 200), 9))
    image, facts = as_image(path, aside)
    assert (image[inner(aside)] == 9).all()
    # West of this map's meridian of 90 degrees the left is north.
    assert facts.sun_azimuth_deg == pytest.approx(250.0 - 90.0, abs=0.1)


MAPS = {
    **OTHERS,
    "Mercator across 180 degrees": (
        "+proj=merc +lat_ts=-10.4 +lon_0=10 +R=1737400 +units=m",
        Affine(
            1.5, 0, MERCATOR * np.radians(185) - 600, 0, -1.5, MERCATOR * np.arcsinh(np.tan(np.radians(-10.4))) + 520
        ),
    ),
    "polar": (
        body("moon").projected("polar_stereographic", -80.0, -165.0).to_wkt(),
        Affine(6, 0, -1500, 0, -6, 2897300),
    ),
}


@generated(
    st.sampled_from(sorted(MAPS)),
    st.sampled_from(
        [("uint8", 255), ("uint8", 0), ("uint16", 0), ("uint16", 65535), ("int16", -32768), ("float32", -9999)]
    ),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_any_map_any_type_and_a_frame_without_data_whether_declared_or_not(tmp_path_factory, name, kind, declared):
    """The pattern comes out in its place; the frame stays empty and leaves no trace in its neighbours."""
    crs, transform = MAPS[name]
    dtype, empty = kind
    size = (1300, 1900) if name == "finer" else (700, 800)
    folder = tmp_path_factory.mktemp("maps")
    path = given(folder / "theirs image.tif", crs, transform, size, dtype=dtype)
    with rasterio.open(path, "r+") as dataset:
        values = dataset.read(1)
        if not np.isfinite(values).all():
            return
        framed = values.copy()
        width = 110 if name == "finer" else 50
        framed[:width] = framed[:, :width] = framed[-width:] = empty
        dataset.write(framed, 1)
        if declared:
            dataset.nodata = empty
    image, _ = as_image(path)
    seen = np.isfinite(image)
    assert seen[inner(GRID)].mean() > 0.3, name
    difference = np.abs(image - truth(GRID))[seen]
    assert np.percentile(difference, 99) < 2.5 and difference.max() < 20, name


def test_a_value_without_data_may_be_given(tmp_path):
    values = np.full(GRID.shape, 90)
    values[100:150] = 7
    path = given(tmp_path / "theirs.tif", MOON, GRID.transform, GRID.shape, values)
    assert np.isfinite(as_image(path)[0]).all()
    image, _ = as_image(path, nodata=7)
    assert np.isnan(image[100:150]).all() and (image[:95] == 90).all()


def test_black_ground_in_a_frame_of_white_is_ground(tmp_path):
    values = np.full(GRID.shape, 90)
    values[100:150], values[:30] = 0, 255
    image, _ = as_image(given(tmp_path / "theirs.tif", MOON, GRID.transform, GRID.shape, values))
    assert np.isnan(image[:30]).all() and (image[110:140] == 0).all()


def test_counts_with_a_scale_become_reflectance(tmp_path):
    path = given(tmp_path / "theirs.tif", MOON, GRID.transform, GRID.shape, dtype="int16", nodata=-32768)
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (3.0e-5,), (0.01,)
    image, _ = as_image(path)
    np.testing.assert_allclose(image[inner(GRID)], (truth(GRID) * 3.0e-5 + 0.01)[inner(GRID)], atol=2e-5)


def test_finer_pixels_are_averaged(tmp_path):
    """A pattern finer than the target's pixels must not come out as a coarse one."""
    fine = GRID.transform @ Affine.scale(1 / 5)
    shape = (GRID.shape[0] * 5, GRID.shape[1] * 5)
    stripes = 100 + 80 * (np.indices(shape)[1] % 3 == 0)
    image, facts = as_image(given(tmp_path / "theirs.tif", MOON, fine, shape, stripes))
    assert facts.ground_resolution_m == pytest.approx(0.3, rel=1e-3)
    assert image[inner(GRID)].std() < 12 and image[inner(GRID)].mean() == pytest.approx(126.7, abs=1)


@pytest.mark.parametrize(("lat_ts", "width_m"), [(0, 1.5 * np.cos(np.radians(60))), (60, 1.5)])
def test_the_resolution_is_that_on_the_ground(tmp_path, lat_ts, width_m):
    grid = target_grid(lat_deg=60.0, lon_deg=0.0, size=(200, 200))
    crs = f"+proj=merc +lat_ts={lat_ts} +lon_0=0 +R=1737400 +units=m"
    y = 1737400 * np.cos(np.radians(lat_ts)) * np.arcsinh(np.tan(np.radians(60)))
    path = given(
        tmp_path / "theirs.tif", crs, Affine(1.5, 0, -300, 0, -1.5, y + 300), (400, 400), np.full((400, 400), 9)
    )
    assert as_image(path, grid)[1].ground_resolution_m == pytest.approx(width_m, rel=1e-3)
    # The camera's pixels may be larger than those of the file.
    assert as_image(path, grid, {**SUN, "resolution_m": 4.2})[1].ground_resolution_m == 4.2


def tagged(path, **tags):
    path = given(path, MOON, GRID.transform, GRID.shape)
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(**tags)
    return path


def test_the_table_counts_before_tags_and_tags_before_the_time(tmp_path):
    path = tagged(tmp_path / "theirs.tif", START_TIME=TIME, sun_azimuth_deg="10.5", Emission_Deg=3)
    _, facts = as_image(path, known={"incidence_deg": 20.0})
    assert (facts.incidence_deg, facts.emission_deg, facts.start_time) == (20.0, 3.0, f"{TIME}.000")
    assert facts.sun_azimuth_deg == pytest.approx(10.5, abs=0.1)
    _, facts = as_image(path, known={})
    assert facts.incidence_deg not in (20.0, 62.0) and facts.incidence_deg < 30


def test_images_of_this_workflow_keep_their_sun_on_another_map(tmp_path):
    """Their tags hold directions on their own map, which is turned by 90 degrees here."""
    polar = target_grid("polar_stereographic", lat_deg=-80.0, lon_deg=0.0, size=(200, 200))
    path = given(tmp_path / "pole.tif", polar.crs.to_wkt(), polar.transform, polar.shape, np.full((200, 200), 9))
    facts = ImageFacts("M1LE", "2010-01-01T00:00:00", 100.0, 80.0, 1.0, 70.0, 2.0, "native")
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(**facts.tags())
    aside = MapGrid.centred(body("moon").projected("polar_stereographic", -80.0, 90.0), 0.0, -80.0, 300, 300, 1.5)
    _, again = as_image(path, aside, {})
    assert again.sun_azimuth_deg == pytest.approx((100.0 - 90.0) % 360, abs=0.1)
    assert (again.incidence_deg, again.phase_deg, again.ground_resolution_m) == (80.0, 70.0, 2.0)


@pytest.mark.parametrize("name", ["M114145549LE.tif", "strip m114145549le.map.tif", "S1_M114145549L_v2.tif"])
def test_the_id_of_a_nac_image_in_the_name_tells_the_time(tmp_path, name):
    _, facts = as_image(given(tmp_path / name, *_sunlit()), _sunlit_grid(), {})
    assert facts.start_time.startswith("2009-11-29T14:51:2")


def _sunlit_grid():
    # Under the Sun of 2009-11-29 14:51.
    return target_grid(lat_deg=0.0, lon_deg=40.0, size=(200, 200))


def _sunlit():
    grid = _sunlit_grid()
    return grid.crs.to_wkt(), grid.transform, grid.shape, np.full(grid.shape, 90)


def test_a_sun_that_contradicts_the_time_is_told(tmp_path, caplog):
    path = tagged(tmp_path / "theirs.tif", START_TIME=TIME)
    with caplog.at_level(logging.WARNING):
        as_image(path, known=SUN)
    assert "the Sun's incidence is given as 62.0 degrees, but at the start time it was" in caplog.text


REFUSED = {
    "nothing": ({}, {}, "its Sun is unknown .sun_azimuth_deg and incidence_deg.; give them in .*or give start_time"),
    "half": ({"incidence_deg": 50.0}, {}, "its Sun is unknown .sun_azimuth_deg."),
    "night": ({"start_time": "2010-01-30T06:18:00"}, {}, "the Sun was below its horizon .incidence 1"),
    "no time": ({}, {"START_TIME": "tomorrow"}, "start_time: 'tomorrow' is not a UTC time"),
    "long ago": ({"start_time": "1970-01-30T06:18:00"}, {}, "lies before 1999"),
    "words": ({}, {"incidence_deg": "low"}, "tags: incidence_deg: 'low' is not a number"),
    "too low": ({}, {"incidence_deg": "90"}, "90 is out of range; allowed: at least 0 and below 90"),
    "not a number": ({"sun_azimuth_deg": "nan"}, {}, "sun_azimuth_deg: nan is out of range"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_unknown_or_wrong_sun_is_refused_in_one_line(tmp_path, name):
    known, tags, said = REFUSED[name]
    path = tagged(tmp_path / "theirs.tif", **tags)
    with pytest.raises(InputError, match=said) as caught:
        as_image(path, known=known)
    assert "\n" not in str(caught.value) and [left.name for left in tmp_path.iterdir()] == ["theirs.tif"]


def test_the_sun_is_computed_on_the_moon_alone(tmp_path):
    grid = target_grid(lat_deg=20.0, lon_deg=30.0, body_name="mercury", size=(200, 200))
    path = given(tmp_path / "m.tif", grid.crs.to_wkt(), grid.transform, grid.shape, np.full((200, 200), 9))
    with pytest.raises(InputError, match="its Sun is unknown"):
        as_image(path, grid, {"start_time": "2012-01-01T00:00:00"})
    assert as_image(path, grid, {"start_time": "2012-01-01T00:00:00", **SUN})[1].incidence_deg == 62.0


def test_a_small_image_in_a_large_target_is_found(tmp_path):
    """It lies between the points of any coarse lattice on the target."""
    wide = target_grid(size=(5000, 6000))
    for row, column in ((10, 10), (1234, 4321), (4900, 5890)):
        small = wide.window(row, column, 60, 60)
        path = given(tmp_path / "small.tif", MOON, small.transform, small.shape, np.full(small.shape, 90))
        image, facts = as_image(path, wide)
        assert (image[row : row + 60, column : column + 60] == 90).all() and np.isfinite(image).sum() <= 62**2
        assert facts.ground_resolution_m == pytest.approx(1.5, rel=1e-3)


def test_a_map_projected_cube_tells_its_start_time(tmp_path):
    path = tmp_path / "strip.cub"
    values = (truth(GRID) / 2000).astype(np.float32)
    values[:30] = -3.4028226550889045e38
    size = {"height": GRID.shape[0], "width": GRID.shape[1], "count": 1, "dtype": "float32"}
    with rasterio.open(
        path,
        "w",
        driver="ISIS3",
        crs="+proj=eqc +lat_ts=-10.4 +lon_0=-165 +R=1737400 +units=m",
        transform=GRID.transform,
        **size,
    ) as cube:
        cube.write(values, 1)
    whole, label_bytes, mapping = path.read_bytes(), 65536, b"  Group = Mapping"
    start = b"  Group = Instrument\n    StartTime = 2010-01-15T07:11:00.000\n  End_Group\n\n"
    label = whole[:label_bytes].replace(mapping, start + mapping, 1)[:label_bytes]
    path.write_bytes(label + whole[label_bytes:])
    image, facts = as_image(path, known={})
    assert facts.start_time == f"{TIME}.000" and facts.incidence_deg == pytest.approx(17.06, abs=0.01)
    assert np.isnan(image[:30]).all()
    np.testing.assert_allclose(image[30:], values[30:], rtol=1e-6)


LABELS = st.recursive(
    st.sampled_from([None, 1, "x", "2010-01-15T07:11:00", "", True, 1e400]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["IsisCube", "Instrument", "StartTime", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@generated(label=LABELS)
@example(label='{"IsisCube":' * 5000)
@example(label="IsisCube: none")
@example(label={"IsisCube": None})
@example(label={"IsisCube": {"Instrument": "x"}})
@examples(25)
def test_an_isis_label_of_any_form_in_the_tags_is_read_or_told(tmp_path_factory, label):
    folder = tmp_path_factory.mktemp("label")
    path = given(folder / "theirs.tif", MOON, GRID.transform, (8, 8), np.full((8, 8), 9))
    # rasterio itself breaks off at a text without a colon.
    content = {"a": 0, **label} if isinstance(label, dict) else [label, {"a": 1}]
    text = label if isinstance(label, str) and ":" in label else json.dumps(content)
    kept = f'<PAMDataset><Metadata domain="json:ISIS3" format="json">{escape(text)}</Metadata></PAMDataset>'
    path.with_name("theirs.tif.aux.xml").write_text(kept)
    with rasterio.open(path) as source:
        try:
            assert facts_of_raster(source, path).start_time in (None, f"{TIME}.000")
        except InputError as error:
            assert "theirs.tif" in str(error) and "\n" not in str(error)


def test_a_wrong_tag_does_not_count_where_the_table_tells(tmp_path):
    path = tagged(tmp_path / "theirs.tif", START_TIME="2010:01:15", incidence_deg=10)
    with pytest.raises(InputError, match="is not a UTC time"):
        as_image(path, known=SUN)
    assert as_image(path, known={**SUN, "start_time": TIME})[1].start_time == f"{TIME}.000"


def test_an_image_of_too_little_of_the_target_is_refused(tmp_path):
    path = given(tmp_path / "theirs.tif", MOON, GRID.transform, (40, 60))
    as_image(path, min_valid_fraction=0.009)
    with pytest.raises(InputError, match="has 2400 valid pixels on the map, 4812 are needed"):
        as_image(path, min_valid_fraction=0.02)


def test_the_pattern_of_these_tests_has_detail():
    assert np.ptp(relief(*GRID.lonlat(*np.indices(GRID.shape)))) > 60
