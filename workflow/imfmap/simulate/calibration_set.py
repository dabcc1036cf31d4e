"""A calibration set of a simulated NAC, in the names and formats of ISISDATA's ``lro/calibration``.

The values are invented: smooth curves and noise of the size of a real detector's. Each file has the format of the
mission's file, so that the calibration reads both in the same way.
"""

import warnings
from datetime import datetime
from pathlib import Path

import numpy as np
from rasterio.errors import NotGeoreferencedWarning

from ..camera.times import ephemeris_time
from ..core.files import replacing
from ..maps.reported_writes import open_for_writing
from ..nac.calibration_files import DARKS_FOLDER, PHOTOMETRY_STEM, RESPONSIVITY_STEM, CalibrationFiles
from ..nac.label import FULL_SAMPLES
from .light import COEFFICIENTS
from .sensor import RESPONSIVITY

# Days between average darks. Calibration needs two darks that are at most 45 days apart.
_DARK_STEP_DAYS = 44
_VERSION = "0001"


def write_calibration_set(directory: str | Path, seed: int, year: int) -> None:
    """Write the calibration files of both cameras for the images of a year.

    The set does not depend on which images there are: darks of every kind cover the year. Sets with the same seed but
    for different years differ only in the times of their darks.

    Parameters
    ----------
    directory : path
        Folder to write to. Its layout is that of ``lro/calibration`` in ISISDATA.
    seed : int
    year : int
        Calendar year of the images.
    """
    directory = Path(directory)
    (directory / DARKS_FOLDER).mkdir(parents=True, exist_ok=True)
    for prefix in ("NACL", "NACR"):
        _write_camera(directory, prefix, np.random.default_rng([seed, prefix == "NACR"]))
    _write_darks(directory, seed, year)
    _write_text(
        directory / f"{RESPONSIVITY_STEM}.{_VERSION}.pvl",
        [f"{key} = {value}" for key, value in RESPONSIVITY.items()] + ["End"],
    )
    _write_text(directory / f"{PHOTOMETRY_STEM}.0003.pvl", _photometry())


def _write_camera(directory, prefix, rng):
    column = np.linspace(-1.0, 1.0, FULL_SAMPLES)
    # Vignetting, dust, and each pixel's own sensitivity.
    flat = 1.03 - 0.07 * column**2 + 0.006 * rng.standard_normal(FULL_SAMPLES)
    for spot in rng.integers(100, FULL_SAMPLES - 100, 12):
        flat -= rng.uniform(0.01, 0.05) * np.exp(-0.5 * ((np.arange(FULL_SAMPLES) - spot) / rng.uniform(2, 12)) ** 2)
    offsets = 1.5 + 0.3 * np.sin(5 * column) + 0.3 * rng.standard_normal(FULL_SAMPLES)
    for summed in (False, True):
        files = CalibrationFiles(directory, prefix, summed)
        _write_cube(directory / f"{files.flat_stem}.{_VERSION}.cub", _summed(flat, summed))
        _write_cube(directory / f"{files.offsets_stem}.{_VERSION}.cub", _summed(offsets, summed))
    coefficients = np.column_stack(
        [
            rng.uniform(0.012, 0.014, FULL_SAMPLES),
            rng.uniform(1.006, 1.007, FULL_SAMPLES),
            rng.uniform(0.05, 0.06, FULL_SAMPLES),
        ]
    )
    _write_text(
        directory / f"{files.coefficients_stem}.{_VERSION}.txt",
        [" ".join(f"{value:.10g}" for value in row) for row in coefficients],
    )
    _write_text(
        directory / f"{files.masked_stem}.{_VERSION}.pvl",
        [
            _list("FullResolution", [*range(12, 36), *range(5046, 5062)]),
            _list("Summed", [*range(6, 18), *range(2523, 2531)]),
            "End",
        ],
    )


def _write_darks(directory, seed, year):
    start_s, end_s = (ephemeris_time(datetime(number, 1, 1)) for number in (year, year + 1))
    first, last = (int(time_s // (_DARK_STEP_DAYS * 86400)) for time_s in (start_s, end_s))
    for prefix in ("NACL", "NACR"):
        # Hot pixels stay; the level drifts from month to month.
        fixed = np.random.default_rng([seed, 2, prefix == "NACR"])
        pattern = 0.4 * fixed.standard_normal(FULL_SAMPLES) + 3.0 * (fixed.random(FULL_SAMPLES) > 0.998)
        for number in range(first, last + 2):
            for exp0 in (False, True):
                rng = np.random.default_rng([seed, 3, prefix == "NACR", number, exp0])
                level = rng.uniform(1.0, 4.0) + 0.5 * np.sin(np.linspace(0.0, 6.0, FULL_SAMPLES) + rng.uniform(0, 6))
                for summed in (False, True):
                    stem = CalibrationFiles(directory, prefix, summed).dark_stem(number * _DARK_STEP_DAYS * 86400, exp0)
                    _write_cube(directory / DARKS_FOLDER / f"{stem}.{_VERSION}.cub", _summed(level + pattern, summed))


def _summed(values, summed):
    """Return the means of pairs of columns if the camera sums: it sends the mean of the samples that it sums."""
    return values.reshape(-1, 2).mean(axis=1) if summed else values


def _write_cube(path, values):
    with replacing(path) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with open_for_writing(
            temporary, driver="ISIS3", width=len(values), height=1, count=1, dtype="float32", ADD_GDAL_HISTORY="NO"
        ) as cube:
            cube.write(values.astype(np.float32)[np.newaxis, np.newaxis])


def _write_text(path, lines):
    with replacing(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n")


def _list(keyword, values):
    return f"{keyword} = ({', '.join(map(str, values))})"


def _photometry():
    """Return the lines of a lronacpho parameter file with the photometric function of the simulated ground."""
    terms = [f"    B{index} = {value!r}" for index, value in enumerate(COEFFICIENTS)]
    return [
        "Object = NormalizationModel",
        "  Group = Algorithm",
        "    Name = LROC_Empirical",
        "    PhotoModel = LROC_Empirical",
        "    Incref = 30.0",
        "    Emaref = 0.0",
        "    Pharef = 30.0",
        "  EndGroup",
        "EndObject",
        "Object = PhotometricModel",
        "  Units = Degrees",
        "  Group = Algorithm",
        "    Name = LROC_Empirical",
        '    FilterName = "Broadband"',
        "    BandBinCenter = 600.0",
        "    AlgorithmVersion = 2019",
        *(f"    A{index} = 0.0" for index in range(4)),
        *terms,
        "  EndGroup",
        "EndObject",
        "End",
    ]
