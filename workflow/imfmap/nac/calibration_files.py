"""Calibration files of the NAC as ISISDATA ships them (``$lro/calibration``): their names and contents.

Cubes are read through GDAL; they have one value for each sample. If a file has several versions (``.0006.``), the
highest is read.
"""

import itertools
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from rasterio.errors import NotGeoreferencedWarning

from ..camera.times import ephemeris_time
from ..core.errors import InputError
from ..maps.pvl import is_special, read_pvl
from ..maps.rasters import open_raster
from .label import preroll_time

if TYPE_CHECKING:
    from .label import NacLabel

ISISDATA_FOLDER = "$lro/calibration"
DARKS_FOLDER = "nac_darks"
RESPONSIVITY_STEM = "NAC_RadiometricResponsivity"
PHOTOMETRY_STEM = "NAC_PHO_LROC_Empirical"
# A product id of a NAC, with its camera.
_PRODUCT = re.compile(r"M\d+([LR])[A-Z]?")
_SOURCE = "https://asc-isisdata.s3.us-west-2.amazonaws.com/usgs_data/lro/calibration/"


@dataclass(frozen=True)
class CalibrationFiles:
    """Calibration files for the images of one camera, summed or not.

    Attributes
    ----------
    directory : path
        Laid out as ``$lro/calibration`` of ISISDATA.
    prefix : str
        ``NACL`` or ``NACR``.
    summed : bool
        Whether the image is summed.
    """

    directory: Path
    prefix: str
    summed: bool

    @classmethod
    def of(cls, directory: str | Path, label: "NacLabel") -> Self:
        """Return the files for the image of a label."""
        return cls(Path(directory), label.prefix, label.summing == 2)

    @property
    def _variant(self):
        return "_Summed" if self.summed else ""

    def dark_stem(self, time_s: int | str, exp0: bool) -> str:
        """Return the name of an average dark, without version and suffix.

        Parameters
        ----------
        time_s : int or str
            Ephemeris time of the dark in whole seconds, or a placeholder for it.
        exp0 : bool
            Whether the dark is for images of line exposure code 0.
        """
        return f"{self.prefix}_AverageDarks_{time_s}T{self._variant}{'_exp0' if exp0 else ''}"

    @property
    def masked_stem(self) -> str:
        """str: name of the list of masked columns, without version and suffix."""
        return f"{self.prefix}_MaskedPixels"

    @property
    def offsets_stem(self) -> str:
        """str: name of the linearisation offsets."""
        return f"{self.prefix}_LinearizationOffsets{self._variant}"

    @property
    def coefficients_stem(self) -> str:
        """str: name of the linearisation coefficients (of unsummed columns, also for summed images)."""
        return f"{self.prefix}_LinearizationCoefficients"

    @property
    def flat_stem(self) -> str:
        """str: name of the flat field."""
        return f"{self.prefix}_Flatfield{self._variant}"

    def dark_times(self, exp0: bool) -> list[int]:
        """Return the times of the darks in the directory, in whole seconds of ephemeris time, in order of file names.

        Raises
        ------
        InputError
            If there is no dark.
        """
        times = [time_s for time_s, _ in self._darks(exp0)]
        if not times:
            raise _missing(self.directory, f"{DARKS_FOLDER}/{self.dark_stem('*', exp0)}.????.cub")
        return list(dict.fromkeys(times))

    def _darks(self, exp0):
        """Yield time and name of each dark file of a kind, in order of file names."""
        pattern = re.compile(re.escape(self.dark_stem("TIME", exp0)).replace("TIME", r"(-?\d+)") + r"\.\d{4}\.cub")
        matches = map(pattern.fullmatch, _names(self.directory / DARKS_FOLDER))
        return ((int(match[1]), match[0]) for match in matches if match)

    def dark(self, time_s: int, exp0: bool) -> np.ndarray:
        """Read the average dark of a time: (samples,) float64 counts."""
        return read_column_cube(self.find(f"{DARKS_FOLDER}/{self.dark_stem(time_s, exp0)}", ".cub"))

    def offsets(self) -> np.ndarray:
        """Read the linearisation offsets: (samples,) float64 counts."""
        return read_column_cube(self.find(self.offsets_stem, ".cub"))

    def flat(self) -> np.ndarray:
        """Read the flat field: (samples,) float64, about 1."""
        return read_column_cube(self.find(self.flat_stem, ".cub"))

    def coefficients(self) -> np.ndarray:
        """Read the linearisation coefficients c0, c1, c2 of every unsummed column: (5064, 3) float64."""
        path = self.find(self.coefficients_stem, ".txt")
        rows = [line.replace(",", " ").split() for line in path.read_text().splitlines()]
        try:
            table = np.array([row for row in rows if row], float)
        except ValueError:
            table = np.empty(0)
        if table.ndim != 2 or table.shape[1] != 3:
            raise InputError(path, "is not a table with three numbers for each column", _how_to_get(path.name))
        return table

    def masked_columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Read the zero-based masked columns: those on the side that is read out first, then those on the other side.

        Returns
        -------
        tuple of ndarray
            int64. For a left frame the low columns, then the high ones; for a right frame the high ones, then the low.
        """
        path = self.find(self.masked_stem, ".pvl")
        keyword = "Summed" if self.summed else "FullResolution"
        try:
            columns = np.array(read_pvl(path, _how_to_get(path.name))[keyword], np.int64).ravel()
        except (KeyError, TypeError, ValueError):
            raise InputError(path, f"has no list of columns {keyword}", _how_to_get(path.name)) from None
        middle = 5064 // (4 if self.summed else 2)
        first = columns < middle if self.prefix == "NACL" else columns > middle
        return columns[first], columns[~first]

    def responsivity(self, radiometry: str) -> float:
        """Read the responsivity of the camera.

        Parameters
        ----------
        radiometry : str
            ``iof`` or ``radiance``.

        Returns
        -------
        float
            Counts per ms and per unit of I/F at 1 AU, or per ms and per unit of radiance.
        """
        path = self.find(RESPONSIVITY_STEM, ".pvl")
        side = "LEFT" if self.prefix == "NACL" else "RIGHT"
        keyword = f"{'IOF' if radiometry == 'iof' else 'Radiance'}_{side}"
        try:
            return float(read_pvl(path, _how_to_get(path.name))[keyword])
        except (KeyError, TypeError, ValueError):
            raise InputError(path, f"has no number {keyword}", _how_to_get(path.name)) from None

    def find(self, stem: str, suffix: str) -> Path:
        """Return the path of the highest version of a file.

        Raises
        ------
        InputError
            If there is no such file; the message has its name, its place in ISISDATA and how to get it.
        """
        return highest_version(self.directory, stem, suffix)


def files_for_image(directory: str | Path, product: str) -> list[Path]:
    """Return the files of a calibration directory that the calibration of an image may read.

    They follow from the product id alone, before the image is there. So they are the files for summed and other
    images, and of each kind of dark the two before and the two after the image's time.

    Parameters
    ----------
    directory : path
        Laid out as ``$lro/calibration`` of ISISDATA.
    product : str
        E.g. ``M114145549LE``. If it is no product id of a NAC, both cameras and all times count.

    Returns
    -------
    list of Path
        Empty if there is no such directory.
    """
    named = _PRODUCT.fullmatch(product)
    found = set()
    for prefix, summed in itertools.product([f"NAC{named[1]}"] if named else ["NACL", "NACR"], [False, True]):
        files = CalibrationFiles(Path(directory), prefix, summed)
        stems = {files.masked_stem, files.offsets_stem, files.coefficients_stem, files.flat_stem, RESPONSIVITY_STEM}
        found |= {name for name in _names(files.directory) if name.split(".")[0] in stems}
        for exp0 in (False, True):
            darks = list(files._darks(exp0))
            times = {time_s for time_s, _ in darks}
            if named:
                image_s = ephemeris_time(preroll_time(product))
                before, after = ([t for t in times if (t <= image_s) == early] for early in (True, False))
                times = {*sorted(before)[-2:], *sorted(after)[:2]}
            found |= {f"{DARKS_FOLDER}/{name}" for time_s, name in darks if time_s in times}
    return [Path(directory) / name for name in sorted(found)]


def highest_version(directory: str | Path, stem: str, suffix: str) -> Path:
    """Return the path of the highest version ``<stem>.NNNN<suffix>`` below a calibration directory.

    Raises
    ------
    InputError
        As `CalibrationFiles.find`.
    """
    pattern = re.compile(re.escape(Path(stem).name) + r"\.(\d{4})" + re.escape(suffix))
    folder = (Path(directory) / stem).parent
    versions = [(match[1], match[0]) for match in map(pattern.fullmatch, _names(folder)) if match]
    if not versions:
        raise _missing(directory, f"{stem}.????{suffix}")
    return folder / max(versions)[1]


def read_column_cube(path: str | Path) -> np.ndarray:
    """Read the first line of an ISIS cube: (samples,) float64; special pixels are NaN.

    Raises
    ------
    InputError
        If the file is missing or is no cube.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            # GDAL would follow a file of another kind (VRT), or a label that points elsewhere, to files and servers.
            with open_raster(path, driver="ISIS3") as dataset:
                others = set(dataset.files) - {str(path), f"{path}.aux.xml"}
                if others:
                    found = f"has its pixels in another file ({min(others)})"
                    raise InputError(path, found)
                line = dataset.read(1, window=((0, 1), (0, dataset.width)))[0]
    except InputError as error:
        raise InputError(path, f"cannot be read as a cube ({error.found})", _how_to_get(Path(path).name)) from None
    return np.where(is_special(line), np.nan, line).astype(float)


def _names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _missing(directory, pattern):
    return InputError(directory, f"has no {pattern} (in ISISDATA: {ISISDATA_FOLDER}/{pattern})", _how_to_get(pattern))


def _how_to_get(name):
    return f"get it from {_SOURCE}{name} or with `downloadIsisData lro $ISISDATA --include='calibration/**'`"
