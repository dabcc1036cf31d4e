"""The calibration files of the NAC as ISISDATA ships them (``$lro/calibration``): their names and what they hold.

Cubes are read through GDAL, one value a sample; the highest version (``.0006.``) of a file counts.
"""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from ..core.errors import InputError
from ..maps.pvl import is_special, read_pvl

ISISDATA_FOLDER = "$lro/calibration"
DARKS_FOLDER = "nac_darks"
RESPONSIVITY_STEM = "NAC_RadiometricResponsivity"
PHOTOMETRY_STEM = "NAC_PHO_LROC_Empirical"
_SOURCE = "https://asc-isisdata.s3.us-west-2.amazonaws.com/usgs_data/lro/calibration/"


@dataclass(frozen=True)
class CalibrationFiles:
    """The files for one kind of image.

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
    def of(cls, directory, label):
        """Files for the image of a `NacLabel`."""
        return cls(Path(directory), label.prefix, label.summing == 2)

    @property
    def _variant(self):
        return "_Summed" if self.summed else ""

    def dark_stem(self, time_s, exp0):
        """Name of an average dark, without version and suffix.

        Parameters
        ----------
        time_s : int
            Its ephemeris time in whole seconds.
        exp0 : bool
            Whether it is for images of line exposure code 0.
        """
        return f"{self.prefix}_AverageDarks_{time_s}T{self._variant}{'_exp0' if exp0 else ''}"

    @property
    def masked_stem(self):
        """str: name of the list of masked columns, without version and suffix."""
        return f"{self.prefix}_MaskedPixels"

    @property
    def offsets_stem(self):
        """str: name of the linearisation offsets."""
        return f"{self.prefix}_LinearizationOffsets{self._variant}"

    @property
    def coefficients_stem(self):
        """str: name of the linearisation coefficients (of unsummed columns, whatever the image)."""
        return f"{self.prefix}_LinearizationCoefficients"

    @property
    def flat_stem(self):
        """str: name of the flat field."""
        return f"{self.prefix}_Flatfield{self._variant}"

    def dark_times(self, exp0):
        """Times of the darks there are, in whole seconds of ephemeris time, in order of their names.

        Raises
        ------
        InputError
            Where there is none.
        """
        pattern = re.compile(re.escape(self.dark_stem("TIME", exp0)).replace("TIME", r"(-?\d+)") + r"\.\d{4}\.cub")
        times = [int(match[1]) for match in map(pattern.fullmatch, _names(self.directory / DARKS_FOLDER)) if match]
        if not times:
            raise _missing(self.directory, f"{DARKS_FOLDER}/{self.dark_stem('*', exp0)}.????.cub")
        return list(dict.fromkeys(times))

    def dark(self, time_s, exp0):
        """Average dark of a time: (samples,) float64 counts."""
        return read_column_cube(self.find(f"{DARKS_FOLDER}/{self.dark_stem(time_s, exp0)}", ".cub"))

    def offsets(self):
        """Linearisation offsets: (samples,) float64 counts."""
        return read_column_cube(self.find(self.offsets_stem, ".cub"))

    def flat(self):
        """Flat field: (samples,) float64, about 1."""
        return read_column_cube(self.find(self.flat_stem, ".cub"))

    def coefficients(self):
        """Linearisation coefficients c0, c1, c2 of every unsummed column: (5064, 3) float64."""
        path = self.find(self.coefficients_stem, ".txt")
        rows = [line.replace(",", " ").split() for line in path.read_text().splitlines()]
        try:
            table = np.array([row for row in rows if row], float)
        except ValueError:
            table = np.empty(0)
        if table.ndim != 2 or table.shape[1] != 3:
            raise InputError(path, "is not a table of three numbers a column", _get(path.name))
        return table

    def masked_columns(self):
        """Zero-based masked columns, on the side where a line is read out first and on the other.

        Returns
        -------
        tuple of ndarray
            int64; of a left frame the low columns and the high ones, of a right frame the high and the low.
        """
        path = self.find(self.masked_stem, ".pvl")
        keyword = "Summed" if self.summed else "FullResolution"
        try:
            columns = np.array(read_pvl(path, _get(path.name))[keyword], np.int64).ravel()
        except (KeyError, TypeError, ValueError):
            raise InputError(path, f"has no list of columns {keyword}", _get(path.name)) from None
        middle = 5064 // (4 if self.summed else 2)
        first = columns < middle if self.prefix == "NACL" else columns > middle
        return columns[first], columns[~first]

    def responsivity(self, radiometry):
        """Responsivity of the camera.

        Parameters
        ----------
        radiometry : str
            ``iof`` or ``radiance``.

        Returns
        -------
        float
            Counts per ms and unit of I/F at 1 AU, or per ms and unit of radiance.
        """
        path = self.find(RESPONSIVITY_STEM, ".pvl")
        side = "LEFT" if self.prefix == "NACL" else "RIGHT"
        keyword = f"{'IOF' if radiometry == 'iof' else 'Radiance'}_{side}"
        try:
            return float(read_pvl(path, _get(path.name))[keyword])
        except (KeyError, TypeError, ValueError):
            raise InputError(path, f"has no number {keyword}", _get(path.name)) from None

    def find(self, stem, suffix):
        """Path of the highest version of a file.

        Raises
        ------
        InputError
            Where there is none: its name, its place in ISISDATA and how to get it.
        """
        return highest_version(self.directory, stem, suffix)


def highest_version(directory, stem, suffix):
    """Path of the highest version ``<stem>.NNNN<suffix>`` below a calibration directory; errors as `find`."""
    pattern = re.compile(re.escape(Path(stem).name) + r"\.(\d{4})" + re.escape(suffix))
    folder = (Path(directory) / stem).parent
    found = [(match[1], match[0]) for match in map(pattern.fullmatch, _names(folder)) if match]
    if not found:
        raise _missing(directory, f"{stem}.????{suffix}")
    return folder / max(found)[1]


def read_column_cube(path):
    """First line of an ISIS cube: (samples,) float64, special pixels NaN.

    Raises
    ------
    InputError
        Where the file is missing or no cube.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as dataset:
                line = dataset.read(1, window=((0, 1), (0, dataset.width)))[0]
    except RasterioIOError as error:
        raise InputError(path, f"cannot be read as a cube ({error})", _get(Path(path).name)) from None
    return np.where(is_special(line), np.nan, line).astype(float)


def _names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _missing(directory, pattern):
    return InputError(directory, f"has no {pattern} (in ISISDATA: {ISISDATA_FOLDER}/{pattern})", _get(pattern))


def _get(name):
    return f"get it from {_SOURCE}{name} or with `downloadIsisData lro $ISISDATA --include='calibration/**'`"
