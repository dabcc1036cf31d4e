"""What a table and the name of a file tell of an image."""

import pytest

from imfmap.acquisition.image_table import KnownFacts, nac_id, row_of
from imfmap.core.errors import InputError

HEAD = "product,start_time,sun_azimuth_deg,incidence_deg,site"


@pytest.fixture
def table(tmp_path):
    """A function that writes a table and gives its path."""

    def write(*lines, head=HEAD):
        path = tmp_path / "images.csv"
        path.write_text("\n".join([head, *lines]) + "\n")
        return path

    return write


@pytest.mark.parametrize("product", ["my image.tif", "my image", "M1142582775RE", "m1142582775re"])
def test_a_line_is_found_by_the_files_name_or_by_the_id_in_it(table, product):
    name = "my image.tif" if "my" in product else "north (M1142582775RE).tif"
    path = table("other,,10,20,x", f"{product},2013-12-25 03:51:48.697,,76.6,S1")
    assert row_of(path, f"/somewhere/{name}") == {"start_time": "2013-12-25 03:51:48.697", "incidence_deg": 76.6}


def test_an_image_that_the_table_does_not_have_is_not_known(table):
    assert row_of(table("other,,10,20,x"), "image.tif") == {}


def test_numbers_of_a_spreadsheet_are_read(table):
    path = table("a;76,5", head="product;incidence_deg")
    assert row_of(path, "a.tif") == {"incidence_deg": 76.5}


@pytest.mark.parametrize(
    ("lines", "head", "said"),
    [
        (["a,,10,20,", "a.tif,,10,30,"], HEAD, "lines 2 and 3 are both for a.tif"),
        (["a,,400,20,"], HEAD, "line 2: sun_azimuth_deg: 400 is out of range; allowed: at least 0 and at most 360"),
        (["a,,10,low,"], HEAD, "line 2: incidence_deg: 'low' is not a number"),
        (["a,noon,10,20,"], HEAD, "line 2: start_time: 'noon' is not a UTC time in ISO 8601"),
        (["a,1"], "name,incidence_deg", "line 1: its columns are name, incidence_deg; give product, and any of start"),
        (["a,1"], "product,site", "line 1: its columns are product, site; give product, and any of start_time"),
        ([], "", "its columns are none"),
    ],
)
def test_a_wrong_table_is_refused_in_one_line(table, lines, head, said):
    with pytest.raises(InputError, match=said) as caught:
        row_of(table(*lines, head=head), "a.tif")
    assert "\n" not in str(caught.value) and "images.csv" in str(caught.value)


def test_facts_fill_the_gaps_of_others():
    first, second = KnownFacts(incidence_deg=0.0), KnownFacts(incidence_deg=40.0, sun_azimuth_deg=10.0)
    assert first.or_else(second) == KnownFacts(incidence_deg=0.0, sun_azimuth_deg=10.0)


@pytest.mark.parametrize(
    ("name", "product"),
    [
        ("S1_M102285549LE.tif", "M102285549LE"),
        ("m1142582775rc.map.cub", "M1142582775RC"),
        ("a M1142582775L b.tif", "M1142582775L"),
        ("XM102285549LE.tif", None),
        ("M102285549LEX.tif", None),
        ("NAC_DTM_APOLLO11.tif", None),
    ],
)
def test_the_id_in_a_name(name, product):
    assert nac_id(name) == product
