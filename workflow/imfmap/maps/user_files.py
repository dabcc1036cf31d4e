"""Files of the user's that this workflow reads and never changes: known by what they say, not by their bytes or times.

QGIS changes the bytes of a GeoPackage when somebody only looks at it, and writes statistics beside a raster. Nothing is
to be made again for that. A file that is put in place of another may be older than it: that has to be seen.

A program that has a GeoPackage open may keep edits in a file beside it, which ends in ``-wal`` (SQLite's write-ahead
log). They count as drawn; the user's files stay as they are.
"""

import shutil
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ..core.checksums import Checksums, new_sha256, sha256
from ..core.errors import InputError
from ..core.jsonfiles import parse_json
from ..core.temporary import temporary_folder
from .file_parts import is_only_looked_at, parts_of

# Endings of SQLite's files beside a database: edits that are not in it yet, and what undoes edits that were broken off.
_LOGS = ("-wal", "-journal")
# Tables of a GeoPackage that hold no features: styles that QGIS keeps.
_NO_FEATURES = ("layer_styles", "qgis_projects")
# Files that make up a shapefile. GDAL finds the shapes through the index (.shx).
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
# Bytes of a .dbf that hold the day of the last change.
_DBF_DAY = slice(1, 4)


def pending_edits(path: str | Path) -> Path | None:
    """Path of the write-ahead log beside a GeoPackage, if it holds edits that are not in the file yet."""
    log = Path(f"{path}-wal")
    return log if log.exists() and log.stat().st_size > 0 else None


@contextmanager
def with_pending_edits(path: str | Path) -> Iterator[Path]:
    """Give a file that holds the edits of a write-ahead log, too, and none that a program left half written.

    The user's own files stay as they are.

    Yields
    ------
    Path
        The file itself, if nothing is pending; else a copy in a temporary folder.
    """
    logs = [log for log in (Path(f"{path}{ending}") for ending in _LOGS) if log.exists() and log.stat().st_size > 0]
    if not logs:
        yield Path(path)
        return
    with temporary_folder() as folder:
        for file in (Path(path), *logs):
            shutil.copyfile(file, folder / file.name)
        copy = folder / Path(path).name
        with closing(sqlite3.connect(copy)) as database:
            database.execute("SELECT count(*) FROM sqlite_master")  # undoes edits that were broken off
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield copy


def features_in(path: str | Path, layer: str) -> int | None:
    """Return how many features a layer of a vector file holds, and refuse parts that are of different files.

    A reader believes an index (.shx) or a count that is stored beside the features. Where an older one is left, it
    gives fewer features and no error.

    Parameters
    ----------
    path : path
        GeoPackage, shapefile or GeoJSON.
    layer : str

    Returns
    -------
    int or None
        None for a shapefile, whose reader gives all that its parts hold, and for files of other kinds.

    Raises
    ------
    InputError
        Also where the layer is a view: the answer to a stored question, which may be endless.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind == ".shp":
        _check_parts(path)
    if kind in (".geojson", ".json"):
        return _features_of(path)
    return _rows_of(path, layer) if kind == ".gpkg" else None


def _rows_of(path, layer):
    """Number of rows of a GeoPackage's layer."""
    with closing(_opened(path)) as database:
        _check_table(database, layer, path)
        return database.execute(f"SELECT count(*) FROM {_quoted(layer)}").fetchone()[0]


def _features_of(path):
    """Number of features in a GeoJSON file, read strictly."""
    content = parse_json(path.read_bytes().removeprefix(b"\xef\xbb\xbf"), path, "save the layer to a new file")
    features = content.get("features") if isinstance(content, dict) else None
    return len(features) if isinstance(features, list) else 1


def _check_parts(path):
    """Refuse a shapefile whose parts do not belong together.

    Esri (1998), Shapefile Technical Description: the index has 8 bytes for each shape, after a header of 100.
    """
    shapes, index, table = (_part(path, suffix) for suffix in (".shp", ".shx", ".dbf"))
    known = max(0, len(index) - 100) // 8
    places = struct.iter_unpack(">2i", index[100 : 100 + 8 * known])
    end = max((2 * (offset + length) + 8 for offset, length in places), default=100)
    rows = struct.unpack("<I", table[4:8])[0] if len(table) >= 8 else None
    # A shape that was edited may leave a rest of itself behind, but no head of a further one.
    number, length = struct.unpack(">2i", shapes[end : end + 8].ljust(8, b"\0"))
    further = number == known + 1 and end + 8 + 2 * length <= len(shapes)
    if end > len(shapes) or further or rows not in (None, known):
        found = f"its parts are of different files: its shapes (.shp) have {len(shapes)} bytes, and its index (.shx) "
        found += f"{known} shapes up to byte {end}" + ("" if rows is None else f"; its table (.dbf) has {rows} rows")
        raise InputError(path, found, "copy all its parts again, together")


def content_digest(path: str | Path) -> str:
    """SHA-256 of what a file says.

    GeoPackage: the features of its layers, in any order, with their reference systems. Shapefile: shapes, attributes
    and reference system. Any other file, and a broken GeoPackage (the step that reads it reports the fault): its bytes
    and those of the files that are read with it (`file_parts`), but not the statistics that programs keep of a raster.
    Folder: the names and bytes of all files below it. The name of the file or folder itself says nothing.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = Path(path)
    try:
        kind = path.suffix.lower()
        if kind == ".gpkg":
            # A broken file may hold any type at any place.
            with suppress(sqlite3.Error, TypeError, ValueError, AttributeError), with_pending_edits(path) as file:
                return _digest(_geopackage(file))
        if kind == ".shp":
            return _digest(_shapefile(path))
        parts = [part for part in parts_of(path) if not is_only_looked_at(part)]
        return _digest(f"{_name_of(part, path)}:{sha256(part)}".encode() for part in parts)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the file") from None


class KnownContents:
    """Digests of the user's files, for the length of a run. Each file is read once, until it changes.

    Parameters
    ----------
    folder : path
        Folder of the run. The digests are kept among its checksums.
    keep : bool
        Whether new digests are kept.
    """

    def __init__(self, folder: str | Path, keep: bool) -> None:
        self._kept, self._seen = Checksums(folder, keep), {}

    def digest(self, path: str | Path) -> str:
        """Return the `content_digest` of a file or folder, the same each time.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        key = str(path)
        if key not in self._seen:
            try:
                self._seen[key] = self._kept.of(path, content_digest, parts_of(path))
            except OSError as error:
                raise InputError(path, f"cannot be read ({error.strerror})", "check the file") from None
        return self._seen[key]


def _name_of(part: Path, path: Path) -> str:
    """What a part is to its file: its ending, if it is the file itself or lies beside it, else its name."""
    if path.is_dir():
        return part.relative_to(path).as_posix()
    return part.name.removeprefix(path.stem) if part.parent == path.parent else part.name


def _digest(parts: Iterable[bytes]) -> str:
    digest = new_sha256(b"")
    for part in parts:
        digest.update(f"{len(part)}:".encode() + part)
    return digest.hexdigest()


def _geopackage(path: Path) -> Iterator[bytes]:
    """Layers of a GeoPackage by name: reference system, columns, and a digest of each feature in the digests' order."""
    with closing(_opened(path)) as database:
        contents = database.execute("SELECT table_name, srs_id FROM gpkg_contents ORDER BY table_name").fetchall()
        for name, srs in contents:
            if name in _NO_FEATURES:
                continue
            # Not the answer to a stored question: that may be another each time, or have no end.
            _check_table(database, name, path)
            quoted = _quoted(name)
            columns = database.execute(f"PRAGMA table_info({quoted})").fetchall()
            # The key numbers the features: QGIS gives others when it writes the same features to a new file.
            kept = sorted(column[1] for column in columns if not column[5])
            chosen = ", ".join('"' + column.replace('"', '""') + '"' for column in kept) or "NULL"
            system = database.execute("SELECT definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?", (srs,)).fetchone()
            yield repr((name, system, kept)).encode()
            drawn_on = database.execute(
                "SELECT definition FROM gpkg_geometry_columns JOIN gpkg_spatial_ref_sys USING (srs_id) "
                "WHERE table_name = ?",
                (name,),
            ).fetchall()
            # Both are the same, unless somebody has changed one of them.
            if drawn_on and drawn_on != [system]:
                yield repr(drawn_on).encode()
            rows = database.execute(f"SELECT {chosen} FROM {quoted}")
            yield from sorted(new_sha256(repr(row).encode()).digest() for row in rows)


def _opened(path):
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _quoted(name):
    return '"' + name.replace('"', '""') + '"'


def _check_table(database, layer, path):
    """Refuse a layer of a GeoPackage that is no table."""
    query = "SELECT type FROM sqlite_master WHERE lower(name) = lower(?) AND type IN ('table', 'view')"
    if database.execute(query, (layer,)).fetchall() != [("table",)]:
        raise InputError(path, f"its layer '{layer}' is a view, and no table", "save the layer to a new file")


def _part(path, suffix):
    """Bytes of a shapefile's part; none where it is not there."""
    files = (path.with_suffix(suffix), path.with_suffix(suffix.upper()))
    return next((file.read_bytes() for file in files if file.exists()), b"")


def _shapefile(path: Path) -> Iterator[bytes]:
    """Bytes of a shapefile's parts, without the day of the last change."""
    for suffix in _SHAPEFILE_PARTS:
        content = bytearray(_part(path, suffix))
        if suffix == ".dbf" and content:
            content[_DBF_DAY] = bytes(3)
        yield bytes(content)
