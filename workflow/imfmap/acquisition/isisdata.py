"""ISIS data on demand: the files that one image needs of those that ISIS keeps for a mission."""

import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..camera.times import ephemeris_time, parse_utc
from ..core.choices import PROCESSING
from ..core.errors import InputError, SetupError
from ..core.files import replacing
from ..nac.calibration_files import DARKS_FOLDER, RESPONSIVITY_STEM, CalibrationFiles
from ..nac.label import NacLabel
from .isis_database import is_written_here, write_database
from .isisdata_store import IsisData
from .kernel_databases import Subject, routes, select

log = logging.getLogger(__name__)

MISSION, BASE = "lro", "base"
CALIBRATION = f"{MISSION}/calibration"
# Size of a full copy of LRO's data (ISIS3 issue 6087), to compare with.
FULL_COPY_BYTES = 764e9

# In the order in which ISIS loads them: entry of the databases; folders that may hold its databases, of which the first
# counts that the store has; whether its kernels have a quality.
_ENTRIES = (
    ("LeapSecond", (f"{BASE}/kernels/lsk",), False),
    ("TargetAttitudeShape", (f"{MISSION}/kernels/pck", f"{BASE}/kernels/pck"), True),
    ("TargetPosition", (f"{MISSION}/kernels/tspk", f"{BASE}/kernels/spk"), False),
    ("SpacecraftPointing", (f"{MISSION}/kernels/ck",), True),
    ("Frame", (f"{MISSION}/kernels/fk",), True),
    ("Instrument", (f"{MISSION}/kernels/ik",), False),
    ("SpacecraftClock", (f"{MISSION}/kernels/sclk",), False),
    ("SpacecraftPosition", (f"{MISSION}/kernels/spk",), True),
    ("InstrumentAddendum", (f"{MISSION}/kernels/iak",), False),
)
# Entries whose kernels cover some weeks: an image may have none, where others have.
_OF_THE_DAY = ("SpacecraftPointing", "SpacecraftPosition")
# ISIS opens the database of shape models whether it uses one or not.
_SHAPES = f"{BASE}/dems"
# Beginnings of the names of kernels, by database: used where the store lacks the database that lists them.
_NAMED = {"lroc_kernels": ("lrolc",), "moc_kernels": ("moc42r", "soc31")}
_DATED = re.compile(r"_(\d{7})_(\d{7})_v(\d+)\.bc\Z")


@dataclass(frozen=True)
class ImageData:
    """Files that an image needs; paths are below the ISISDATA tree.

    Attributes
    ----------
    product : str
    kernels : dict of str: tuple of str
        Kernels by entry, in the order in which they are to be loaded.
    calibration : tuple of str
        Calibration files.
    other : tuple of str
        Databases and configuration files that list these kernels.
    unlisted : dict of str: tuple of str
        Kernels that were chosen by the days in their names, by the pattern of the database that the store lacks
        (``lro/kernels/ck/lroc_kernels.????.db``). They are in `kernels`, too.
    """

    product: str
    kernels: Mapping[str, tuple[str, ...]]
    calibration: tuple[str, ...]
    other: tuple[str, ...]
    unlisted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def paths(self) -> list[str]:
        """All files of the image."""
        return [*(path for group in self.kernels.values() for path in group), *self.calibration, *self.other]


def gather(
    label: NacLabel, data: IsisData, darks: str = PROCESSING["darks"], predicted: bool = False, smithed: bool = False
) -> ImageData:
    """Choose the files of an image as ISIS does, and fetch those that are not on disk.

    Parameters
    ----------
    label : NacLabel
    data : IsisData
    darks : str
        ``pair``, ``nearest``, or ``custom``, which fetches no darks.
    predicted, smithed : bool
        Whether predicted and smithed kernels are allowed, beside reconstructed ones.

    Returns
    -------
    ImageData

    Raises
    ------
    InputError
        Where the store has no kernel for the image's time.
    SetupError
        Where it lacks a file that all images of a camera need, or does not answer.
    """
    quality = {"RECONSTRUCTED", *(["PREDICTED"] if predicted else []), *(["SMITHED"] if smithed else [])}
    subject = Subject.of(label)
    kernels, unlisted, databases = {}, {}, [path for path in (data.highest(f"{_SHAPES}/kernels.????.db"),) if path]
    for entry, folders, graded in _ENTRIES:
        chosen = _kernels(entry, folders, quality if graded else (), subject, label, data, databases, unlisted)
        if not chosen and entry != "InstrumentAddendum":
            raise _none(entry, label)
        kernels[entry] = tuple(chosen)
    calibration = _calibration(label, data, darks)
    image = ImageData(label.product_id, kernels, calibration, tuple(dict.fromkeys(databases)), unlisted)
    _log_sizes(image, data)
    for path in image.paths:
        data.take(path)
    # The store lacks some databases; without them, ISIS itself (spice: local) would not find the kernels.
    for stem, prefixes in _NAMED.items():
        pattern = f"{MISSION}/kernels/ck/{stem}.????.db"
        if _usgs_database(pattern, data) is None:
            write_database(data.folder, pattern, prefixes)
    return image


def _log_sizes(image, data):
    """Log how many files and gigabytes are about to be fetched."""
    to_fetch = data.to_fetch(image.paths)
    if to_fetch:
        needed = sum(data.size_of(path) for path in image.paths)
        log.info(
            "%s: %d files of ISIS data will be fetched, %.3f GB (of %d files, %.3f GB, that it needs)",
            image.product,
            len(to_fetch),
            sum(to_fetch.values()) / 1e9,
            len(image.paths),
            needed / 1e9,
        )


def _kernels(entry, folders, quality, subject, label, data, databases, unlisted):
    """Paths of the kernels of an entry.

    The databases that list them are added to `databases`; kernels of a database that the store lacks to `unlisted`.
    """
    chosen = []
    # ISIS loads the kernels of the last database first.
    for pattern in reversed(_databases(folders, subject, data, databases)):
        database = _usgs_database(pattern, data)
        if database is None:
            unlisted[pattern] = _by_name(pattern, label, data)
            chosen += unlisted[pattern]
            continue
        databases.append(database)
        found = select(data.read(database), entry, subject, quality, database)
        if not found:
            # The configuration file lists only databases for this camera.
            log.warning("%s has no %s for %s", database, entry, label.product_id)
            continue
        chosen += [_existing(path, data, database, entry) for path in found[0].files]
    return chosen


def _usgs_database(pattern, data):
    """Newest database that the store has, but not one that this workflow wrote into its own tree."""
    database = data.highest(pattern)
    return None if database is None or is_written_here(database) else database


def _databases(folders, subject, data, databases):
    """Patterns of an entry's databases: those that a configuration file names, or else those of the folder."""
    for folder in folders:
        configuration = data.highest(f"{folder}/kernels.????.conf")
        if configuration:
            databases.append(configuration)
            return routes(data.read(configuration), subject, configuration)
        if data.highest(f"{folder}/kernels.????.db"):
            return [f"{folder}/kernels.????.db"]
    return []


def _existing(pattern, data, database, entry):
    path = data.highest(pattern)
    if path is None:
        error = InputError if entry in _OF_THE_DAY else SetupError
        raise error(database, f"names {pattern}, which the store does not have", "try again later, or tell USGS")
    return path


def _by_name(pattern, label, data):
    """Pointing kernels, chosen by the days in their names because the store lacks their database."""
    folder, stem = pattern.rsplit("/", 1)
    prefixes = _NAMED.get(stem.split(".")[0])
    if prefixes is None:
        raise SetupError(pattern, "is not in the store", "try again later, or tell USGS")
    first, last = (int(parse_utc(time).strftime("%Y%j")) for time in (label.start_time, label.stop_time))
    for prefix in prefixes:
        found = []
        for path in data.names(f"{folder}/{prefix}_"):
            dated = _DATED.search(path)
            if dated and int(dated[1]) <= first and last <= int(dated[2]):
                # Files overlap by a day, and may not cover their first and last days: one with the image further
                # inside is safer.
                inside = int(dated[1]) < first and last < int(dated[2])
                found.append((inside, int(dated[3]), int(dated[1]), path))
        if found:
            log.warning("the store has no %s: %s is chosen by the days in its name", pattern, max(found)[-1])
            return (max(found)[-1],)
    log.warning("the store has no %s, and no kernel whose name has the days of %s", pattern, label.product_id)
    return ()


def _none(entry, label):
    if entry in _OF_THE_DAY:
        return InputError(
            label.product_id,
            f"there is no {entry} kernel of {label.start_time} in the store",
            "USGS publishes them weeks after an image: try again later, or allow processing.isis.predicted",
        )
    return SetupError(
        label.product_id,
        f"there is no {entry} kernel for it in the store",
        "check acquisition.isisdata_url, and the databases there",
    )


def _calibration(label, data, darks):
    """Paths of the calibration files that lronaccal reads for an image."""
    files = CalibrationFiles.of("", label)
    wanted = [
        f"{files.masked_stem}.????.pvl",
        f"{files.offsets_stem}.????.cub",
        f"{files.coefficients_stem}.????.txt",
        f"{files.flat_stem}.????.cub",
        f"{RESPONSIVITY_STEM}.????.pvl",
        *_darks(files, label, data, darks),
    ]
    found = []
    for name in wanted:
        path = data.highest(f"{CALIBRATION}/{name}")
        if path is None:
            raise SetupError(f"{CALIBRATION}/{name}", "is not in the store", "try again later, or tell USGS")
        found.append(path)
    return tuple(found)


def _darks(files, label, data, darks):
    """Names of the average darks that lronaccal takes: the last before and first after the image, or the nearest."""
    if darks == "custom":
        return []
    exp0 = label.exposure_code == 0
    stem = re.escape(files.dark_stem("TIME", exp0)).replace("TIME", r"(-?\d+)")
    named = re.compile(rf"{CALIBRATION}/{DARKS_FOLDER}/{stem}\.\d{{4}}\.cub")
    prefix = f"{CALIBRATION}/{DARKS_FOLDER}/{files.prefix}_AverageDarks_"
    times = {int(match[1]) for match in map(named.fullmatch, data.names(prefix)) if match}
    if not times:
        raise SetupError(f"{prefix}*", f"none for {label.product_id} is in the store", "try again later, or tell USGS")
    time_s = int(ephemeris_time(label.start_time))
    before = max((time for time in times if time <= time_s), default=None)
    after = min((time for time in times if time >= time_s), default=None)
    chosen = {before, after}
    if darks == "nearest" or None in chosen:
        chosen = {min(times, key=lambda time: abs(time - time_s))}
    return [f"{DARKS_FOLDER}/{files.dark_stem(time, exp0)}.????.cub" for time in sorted(chosen)]


def write_manifest(path: str | Path, image: ImageData, data: IsisData) -> None:
    """Write the list of files that an image needs, as JSON, and log their size."""
    needed, came = sum(data.sizes[name] for name in image.paths), sum(data.fetched.values())
    log.info(
        "%s needs %d files of ISIS data, %.1f MB (%.1f MB fetched now); a full copy of LRO's data takes %.0f GB",
        image.product,
        len(image.paths),
        needed / 1e6,
        came / 1e6,
        FULL_COPY_BYTES / 1e9,
    )
    manifest = {
        "product": image.product,
        "isisdata": os.path.abspath(data.folder),
        "megabytes": round(needed / 1e6, 3),
        "megabytes_fetched": round(came / 1e6, 3),
        "kernels": {entry: list(paths) for entry, paths in image.kernels.items()},
        "calibration": list(image.calibration),
        "other": list(image.other),
        "bytes": {name: data.sizes[name] for name in sorted(image.paths)},
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(manifest, indent=1) + "\n")


def kernel_paths(manifest: str | Path) -> list[Path]:
    """Return the paths on disk of the kernels in a manifest file, in the order in which they are loaded."""
    content = json.loads(Path(manifest).read_text())
    return [Path(content["isisdata"]) / path for group in content["kernels"].values() for path in group]


def link_calibration(manifest: str | Path, folder: str | Path) -> None:
    """Fill a folder with links to the calibration files in a manifest file, laid out as ``$lro/calibration``."""
    content = json.loads(Path(manifest).read_text())
    for path in content["calibration"]:
        link = Path(folder) / Path(path).relative_to(CALIBRATION)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path(content["isisdata"]) / path)
