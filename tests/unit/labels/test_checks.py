"""Label files, checked together."""

import geopandas
import pytest
from shapely.geometry import LineString, Polygon

from imfmap.core.errors import InputError
from imfmap.labels.checks import check_files
from imfmap.labels.reading import read_labels
from imfmap.maps.grids import lonlat_to_map
from tests.helpers.label_files import MAP, SQUARE, write


def test_other_layers_beside_the_labels_are_left_alone_and_told(tmp_path, capsys):
    x, y = lonlat_to_map(MAP, 20.0, 10.0)
    path = write(tmp_path / "labels.gpkg", [LineString([(x, y), (x + 50, y)])], ["tiny"])
    geopandas.GeoDataFrame({}, geometry=[SQUARE], crs=MAP).to_file(path, layer="floor")
    assert read_labels(path, MAP).layer.tolist() == ["lines"]
    check_files(drawn_at(tmp_path, "labels"), tmp_path / "checked.csv")
    assert f"{path}: layer floor is not read; labels are in layers lines and polygons" in capsys.readouterr().err


PLACE = {
    "body": "moon",
    "lat": 10.0,
    "lon": 20.0,
    "diameter_km": 1.0,
    "projection": "equirectangular",
    "resolution_m": 1.5,
}


def drawn_at(folder, *names, learnt=True):
    """Label files of targets at one place, as `check_files` takes them."""
    return {name: {"file": folder / f"{name}.gpkg", "place": PLACE, "learnt": learnt} for name in names}


def test_files_are_checked_together(tmp_path, capsys, caplog):
    x, y = lonlat_to_map(MAP, 20.0, 10.0)
    lines = [LineString([(x, y), (x + 50, y + number)]) for number in range(3)]
    good = write(tmp_path / "good.gpkg", lines, ["tiny", "tiny", "huge"], [Polygon([(x, y), (x + 9, y), (x, y + 9)])])
    bad = write(tmp_path / "bad.gpkg", lines, ["tiny", "wide", None])
    (tmp_path / "broken.gpkg").write_text("nothing")
    drawn = drawn_at(tmp_path, "good", "later", "broken", "bad")
    with pytest.raises(InputError, match=r"3 problem\(s\)"):
        check_files(drawn, tmp_path / "checked.csv")
    assert not (tmp_path / "checked.csv").exists()
    told = capsys.readouterr().err
    assert f"{bad}: layer lines, feature 2: unknown width class 'wide'" in told
    assert f"{bad}: layer lines, feature 3: no width class" in told
    assert f"{tmp_path / 'broken.gpkg'}: cannot be opened" in told
    assert str(good) not in told
    del drawn["bad"], drawn["broken"]
    caplog.clear()
    check_files(drawn, tmp_path / "checked.csv")
    assert (tmp_path / "checked.csv").read_text().splitlines() == [
        "target,file,tiny,small,medium,large,huge,polygons",
        f"good,{good},2,0,0,0,1,1",
        f"later,{tmp_path / 'later.gpkg'},,,,,,",
    ]
    said = f"1 label file still to be drawn: {tmp_path / 'later.gpkg'}"
    assert capsys.readouterr().err == f"imfmap: {said}\n"
    assert caplog.messages == [said]


def test_files_still_to_be_drawn_are_told(tmp_path, capsys):
    table = check_files(drawn_at(tmp_path, "one", "two"), tmp_path / "checked.csv")
    told = capsys.readouterr().err
    assert told == f"imfmap: 2 label files still to be drawn: {tmp_path / 'one.gpkg'}, {tmp_path / 'two.gpkg'}\n"
    assert table.target.tolist() == ["one", "two"]


@pytest.mark.parametrize("learnt", [True, False])
def test_a_file_without_a_label_would_teach_that_there_is_nothing(tmp_path, capsys, learnt):
    empty = geopandas.GeoSeries([], crs=MAP)
    path = write(tmp_path / "empty.gpkg", empty, [], empty)
    drawn = drawn_at(tmp_path, "empty", learnt=learnt)
    if not learnt:
        assert check_files(drawn, tmp_path / "checked.csv").polygons.tolist() == [0]
        return
    with pytest.raises(InputError, match=r"1 problem\(s\)"):
        check_files(drawn, tmp_path / "checked.csv")
    assert f"imfmap: {path}: has no label" in capsys.readouterr().err
