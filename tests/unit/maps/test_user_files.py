"""Files of the user's: known by what they say, and left alone."""

import os
import shutil
import sqlite3
from contextlib import closing

import geopandas
import pytest
import shapely

from imfmap.core import checksums
from imfmap.core.checksums import sha256
from imfmap.core.errors import InputError
from imfmap.maps import user_files
from imfmap.maps.bodies import body
from imfmap.maps.user_files import KnownContents, content_digest, pending_edits, with_pending_edits
from imfmap.maps.vectors import write_vector

CRS = body("moon").projected("equirectangular", 0.0, 0.0)


def lines(*classes, shift=0.0):
    """Lines with width classes, one above the other."""
    shapes = [shapely.LineString([(0, 10 * row + shift), (100, 10 * row + shift)]) for row in range(len(classes))]
    return geopandas.GeoDataFrame({"width_class": list(classes)}, geometry=shapes, crs=CRS)


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.gpkg"
    write_vector(path, {"lines": lines("small", "large")})
    return path


def looked_at(path):
    """Change a GeoPackage's bytes as QGIS does when somebody opens it."""
    before = path.read_bytes()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t(a)")
        database.execute("DROP TABLE t")
    database.execute("PRAGMA journal_mode=DELETE")
    database.close()
    assert path.read_bytes() != before


def test_looking_at_a_geopackage_changes_nothing(labels):
    before = content_digest(labels)
    looked_at(labels)
    assert content_digest(labels) == before


def test_the_same_features_in_another_order_and_with_other_numbers_are_the_same(labels, tmp_path):
    frame = lines("small", "large").iloc[::-1]
    write_vector(tmp_path / "other.gpkg", {"lines": frame})
    assert content_digest(tmp_path / "other.gpkg") == content_digest(labels)


def other_crs(frame):
    return frame.set_crs(body("moon").projected("equirectangular", 0.0, 10.0), allow_override=True)


@pytest.mark.parametrize(
    "layers",
    [
        {"lines": lines("small", "huge")},
        {"lines": lines("small")},
        {"lines": lines("small", "large", shift=0.5)},
        {"rows": lines("small", "large")},
        {"lines": other_crs(lines("small", "large"))},
        {"lines": lines("small", "large"), "polygons": lines("small")},
        {"lines": lines("small", "large").assign(note="x")},
    ],
    ids=["class", "fewer", "moved", "layer", "crs", "more", "column"],
)
def test_another_content_is_told(labels, tmp_path, layers):
    write_vector(tmp_path / "other.gpkg", layers)
    assert content_digest(tmp_path / "other.gpkg") != content_digest(labels)


@pytest.fixture
def edited(labels):
    """A GeoPackage with an edit that lies in its write-ahead log, as in a QGIS that is open."""
    database = sqlite3.connect(labels)
    database.execute("PRAGMA journal_mode=WAL")
    for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
        database.execute(f'DROP TRIGGER "{trigger}"')  # they call functions that only GDAL and QGIS have
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.execute("UPDATE lines SET width_class = 'huge'")
    database.commit()
    yield labels
    database.close()


def test_pending_edits_count_and_stay_where_they_are(edited, labels, tmp_path):
    assert pending_edits(edited).name == "labels.gpkg-wal"
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with with_pending_edits(edited) as copy:
        found = geopandas.read_file(copy, layer="lines")
    assert set(found.width_class) == {"huge"}
    digest = content_digest(edited)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    write_vector(tmp_path / "saved.gpkg", {"lines": lines("huge", "huge")})
    assert content_digest(tmp_path / "saved.gpkg") == digest


def test_pending_edits_are_read_in_a_folder_without_write_permission(edited, tmp_path):
    folder = tmp_path / "read_only"
    folder.mkdir()
    for ending in ("", "-wal"):
        shutil.copy(f"{edited}{ending}", folder)
    folder.chmod(0o555)
    try:
        with with_pending_edits(folder / "labels.gpkg") as copy:
            assert set(geopandas.read_file(copy, layer="lines").width_class) == {"huge"}
    finally:
        folder.chmod(0o755)


def test_a_file_without_pending_edits_is_taken_as_it_is(labels):
    open(f"{labels}-wal", "w").close()
    assert pending_edits(labels) is None
    with with_pending_edits(labels) as path:
        assert path == labels


def test_parts_of_a_shapefile_count_but_for_the_day(tmp_path):
    for name in ("a", "b", "c"):
        lines("small", "huge" if name == "c" else "large").to_file(tmp_path / f"{name}.shp")
    table = tmp_path / "b.dbf"
    content = bytearray(table.read_bytes())
    content[1:4] = bytes([100, 1, 1])
    table.write_bytes(content)
    digests = {name: content_digest(tmp_path / f"{name}.shp") for name in "abc"}
    assert digests["a"] == digests["b"] != digests["c"]
    (tmp_path / "a.prj").write_text("another")
    assert content_digest(tmp_path / "a.shp") != digests["b"]


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    for name in ("y.gpkg", "y.shp.zip", "y.geojson"):
        with pytest.raises(InputError, match=f"{name}: cannot be read \\(No such file") as caught:
            content_digest(tmp_path / name)
        assert os.linesep not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(200)])
def test_a_broken_geopackage_is_known_by_its_bytes(tmp_path, content):
    """Whoever reads it tells what is wrong with it."""
    (tmp_path / "x.gpkg").write_bytes(content)
    before = content_digest(tmp_path / "x.gpkg")
    (tmp_path / "x.gpkg").write_bytes(content + b"more")
    assert content_digest(tmp_path / "x.gpkg") != before


def test_an_edit_that_a_program_broke_off_is_undone_in_what_is_read(labels, tmp_path):
    """A rollback journal beside the file: SQLite undoes what it holds, and so does whoever reads."""
    before = content_digest(labels)
    with closing(sqlite3.connect(labels)) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.commit()
        database.execute("PRAGMA cache_spill = 1")
        database.execute("PRAGMA cache_size = 1")
        database.execute("UPDATE lines SET width_class = 'huge'")
        database.executemany("INSERT INTO lines (width_class) VALUES (?)", [("x" * 1000,) for _ in range(200)])
        for ending in ("", "-journal"):
            shutil.copy(f"{labels}{ending}", tmp_path / f"broken.gpkg{ending}")
        database.rollback()
    with with_pending_edits(tmp_path / "broken.gpkg") as path:
        assert set(geopandas.read_file(path, layer="lines").width_class) == {"small", "large"}
    assert content_digest(tmp_path / "broken.gpkg") == before


def test_an_older_file_of_the_same_size_is_told_and_a_copy_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(checksums, "_SETTLED_S", -1.0)
    known, path = KnownContents(tmp_path / "run", keep=True), tmp_path / "weights.pt"
    path.write_bytes(b"one")
    os.utime(path, (1.5e9, 1.5e9))
    first = known.digest(path)
    shutil.copy(path, tmp_path / "copy.pt")
    (tmp_path / "copy.pt").replace(path)
    assert KnownContents(tmp_path / "run", keep=True).digest(path) == first
    for time_s in (1.5e9, 1.1e9):
        path.write_bytes(b"two")
        os.utime(path, (time_s, time_s))
        assert KnownContents(tmp_path / "run", keep=True).digest(path) != first, time_s


def test_a_file_is_read_once_until_it_changes_and_a_dry_run_keeps_nothing(tmp_path, monkeypatch):
    path, reads = tmp_path / "weights.pt", []
    path.write_bytes(b"one")
    os.utime(path, (1.5e9, 1.5e9))
    monkeypatch.setattr(checksums, "_SETTLED_S", -1.0)
    monkeypatch.setattr(user_files, "sha256", lambda part: reads.append(part) or sha256(part))
    KnownContents(tmp_path / "run", keep=False).digest(path)
    assert len(reads) == 1 and not (tmp_path / "run").exists()
    for _ in range(3):
        KnownContents(tmp_path / "run", keep=True).digest(path)
    assert len(reads) == 2
