"""Files of the user's that this workflow reads and never changes: known by what they say, not by their bytes.

QGIS changes the bytes of a GeoPackage when somebody only looks at it. Nothing is to be made again for that.

A program that has a GeoPackage open may keep edits in a file beside it, which ends in ``-wal`` (SQLite's write-ahead
log). They count as drawn; the user's files stay as they are.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ..core.checksums import new_sha256
from ..core.errors import InputError
from ..core.temporary import temporary_folder

# Tables of a GeoPackage that hold no features: styles that QGIS keeps.
_NO_FEATURES = ("layer_styles", "qgis_projects")
# Files that make up a shapefile. The index (.shx) follows from the shapes.
_SHAPEFILE_PARTS = (".shp", ".dbf", ".prj", ".cpg")
# Bytes of a .dbf that hold the day of the last change.
_DBF_DAY = slice(1, 4)


def pending_edits(path: str | Path) -> Path | None:
    """Path of the write-ahead log beside a GeoPackage, if it holds edits that are not in the file yet."""
    log = Path(f"{path}-wal")
    return log if log.exists() and log.stat().st_size > 0 else None


@contextmanager
def with_pending_edits(path: str | Path) -> Iterator[Path]:
    """Give a file that holds the edits of a write-ahead log, too; the user's own files stay as they are.

    Yields
    ------
    Path
        The file itself, if nothing is pending; else a copy in a temporary folder.
    """
    log = pending_edits(path)
    if log is None:
        yield Path(path)
        return
    with temporary_folder() as folder:
        copy = folder / Path(path).name
        shutil.copyfile(path, copy)
        shutil.copyfile(log, f"{copy}-wal")
        with closing(sqlite3.connect(copy)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield copy


def content_digest(path: str | Path) -> str:
    """SHA-256 of what a file says.

    GeoPackage: the features of its layers, in any order, with their reference systems. Shapefile: shapes, attributes
    and reference system. Any other file, and a GeoPackage that is broken: its bytes. (Who reads it tells the fault.)

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = Path(path)
    try:
        kind = path.suffix.lower()
        if kind == ".gpkg":
            with suppress(sqlite3.Error), with_pending_edits(path) as file:
                return _digest(_geopackage(file))
        if kind == ".shp":
            return _digest(_shapefile(path))
        return _digest([path.read_bytes()])
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the file") from None


def _digest(parts: Iterator[bytes] | list[bytes]) -> str:
    digest = new_sha256(b"")
    for part in parts:
        digest.update(f"{len(part)}:".encode() + part)
    return digest.hexdigest()


def _geopackage(path: Path) -> Iterator[bytes]:
    """Layers of a GeoPackage by name: reference system, columns, and a digest of each feature in the digests' order."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        contents = database.execute("SELECT table_name, srs_id FROM gpkg_contents ORDER BY table_name").fetchall()
        for name, srs in contents:
            if name in _NO_FEATURES:
                continue
            quoted = '"' + name.replace('"', '""') + '"'
            columns = database.execute(f"PRAGMA table_info({quoted})").fetchall()
            # The key numbers the features: QGIS gives others when it writes the same features to a new file.
            kept = sorted(column[1] for column in columns if not column[5])
            chosen = ", ".join('"' + column.replace('"', '""') + '"' for column in kept) or "NULL"
            system = database.execute("SELECT definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?", (srs,)).fetchone()
            yield repr((name, system, kept)).encode()
            rows = database.execute(f"SELECT {chosen} FROM {quoted}")
            yield from sorted(new_sha256(repr(row).encode()).digest() for row in rows)


def _shapefile(path: Path) -> Iterator[bytes]:
    """Bytes of a shapefile's parts, without the day of the last change."""
    for suffix in _SHAPEFILE_PARTS:
        part = next(
            (file for file in (path.with_suffix(suffix), path.with_suffix(suffix.upper())) if file.exists()), None
        )
        content = bytearray(part.read_bytes() if part else b"")
        if suffix == ".dbf" and content:
            content[_DBF_DAY] = bytes(3)
        yield bytes(content)
