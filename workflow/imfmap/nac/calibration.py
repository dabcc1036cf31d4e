"""Radiometric calibration of NAC images, with the same results as ISIS's lronaccal and lronacecho.

What does not depend on the line is folded into one vector for each step. A line then costs one pass.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from ..camera.sun_distance import sun_moon_distance_au
from ..camera.times import ephemeris_time
from ..core.choices import DARKS, PROCESSING
from ..core.errors import InputError
from .calibration_files import CalibrationFiles, read_column_cube
from .calibration_numba import calibrate_lines, remove_echo_lines

if TYPE_CHECKING:
    from .cube import NacCube
    from .edr import Edr
    from .label import NacLabel

RADIOMETRY = ("iof", "radiance", None)
ECHO_DELTA = 0.326
ECHO_SMOOTHING_SAMPLES = 20
_DAY_S = 86400
_PAIR_LIMIT_DAYS = 45
# If an image has a count above this, the masked columns on its second side cannot be trusted.
_MASK_SPOILT_ABOVE = 1000.0


def calibrate(
    edr: "Edr | NacCube",
    calibration_dir: str | Path,
    darks: str = PROCESSING["darks"],
    radiometry: str | None = "iof",
    masked: bool = PROCESSING["masked"],
    dark: bool = PROCESSING["dark"],
    nonlinearity: bool = PROCESSING["nonlinearity"],
    flat: bool = PROCESSING["flat"],
    sun_distance_au: float | None = None,
    dark_file: str | Path | None = None,
) -> np.ndarray:
    """Calibrate a whole image as lronaccal does; parameters and errors are those of `Calibration.for_edr`.

    Returns
    -------
    ndarray
        (lines, samples) float32: I/F, radiance or counts; NaN where a calibration file has no value.
    """
    calibration = Calibration.for_edr(
        edr, calibration_dir, darks, radiometry, masked, dark, nonlinearity, flat, sun_distance_au, dark_file
    )
    return calibration.apply(edr.image)


@dataclass(frozen=True)
class Calibration:
    """Calibration of one image, ready to apply to any block of whole lines.

    Attributes
    ----------
    mask : MaskedColumns or None
        Reference columns of the offset of a line.
    shift : ndarray
        (samples,) float64 counts to add: linearisation offset minus dark; NaN where a pixel has no dark.
    coefficients : ndarray
        (summing, 3, samples) float64: c0, log c1 and c2 of the nonlinearity, for each of the detector columns
        that are summed into a sample; empty if the step is switched off.
    gain : ndarray
        (samples,) float64 by which linear counts are multiplied; NaN where the flat field is not positive.
    """

    mask: "MaskedColumns | None"
    shift: np.ndarray
    coefficients: np.ndarray
    gain: np.ndarray

    @classmethod
    def for_edr(
        cls,
        edr: "Edr | NacCube",
        calibration_dir: str | Path,
        darks: str = PROCESSING["darks"],
        radiometry: str | None = "iof",
        masked: bool = PROCESSING["masked"],
        dark: bool = PROCESSING["dark"],
        nonlinearity: bool = PROCESSING["nonlinearity"],
        flat: bool = PROCESSING["flat"],
        sun_distance_au: float | None = None,
        dark_file: str | Path | None = None,
    ) -> Self:
        """Read the calibration files of an image.

        Parameters
        ----------
        edr : Edr or NacCube
            Its `label` and `max_count` are used.
        calibration_dir : path
            Laid out as ``$lro/calibration`` of ISISDATA.
        darks : str
            ``pair``: the average darks before and after the image, weighted by time, at most 45 days apart; the
            nearest dark if there is none on one side. ``nearest``: the nearest dark. ``custom``: the cube `dark_file`.
        radiometry : str or None
            ``iof``, ``radiance``, or None for linear counts.
        masked, dark, nonlinearity, flat : bool
            Whether to take each step.
        sun_distance_au : float, optional
            Distance from the Sun, for I/F; by default the Moon's distance at the image's time.
        dark_file : path, optional
            Cube with the dark, for ``custom``.

        Raises
        ------
        InputError
            If a calibration file is missing or unfit (the message has its name, its place in ISISDATA and how to get
            it), or an option is unknown.
        """
        label = edr.label
        if darks not in DARKS:
            raise InputError("darks", f"unknown choice '{darks}'", f"use one of {', '.join(DARKS)}")
        if radiometry not in RADIOMETRY:
            raise InputError("radiometry", f"unknown choice '{radiometry}'", "use iof, radiance or null")
        files = CalibrationFiles.of(calibration_dir, label)
        shift, gain = np.zeros(label.samples), np.ones(label.samples)
        coefficients = np.empty((0, 3, label.samples))
        if dark:
            shift -= _fit(_dark(files, label, darks, dark_file), label, "dark")
        if nonlinearity:
            shift += _fit(files.offsets(), label, "linearisation offsets")
            coefficients = _nonlinearity(files, label)
        if flat:
            field = _fit(files.flat(), label, "flat field")
            gain = np.divide(1.0, field, out=np.full(label.samples, np.nan), where=field > 0)
        if radiometry:
            gain = gain / (label.exposure_ms * files.responsivity(radiometry))
        if radiometry == "iof":
            gain = gain * (sun_distance_au or sun_moon_distance_au(label.start_time)) ** 2
        mask = MaskedColumns.of(files, label, edr.max_count > _MASK_SPOILT_ABOVE) if masked else None
        return cls(mask, shift, coefficients, gain)

    def apply(self, block: np.ndarray) -> np.ndarray:
        """Calibrate whole lines.

        Parameters
        ----------
        block : ndarray
            (lines, samples) float32 counts.

        Returns
        -------
        ndarray
            (lines, samples) float32.
        """
        levels = self.mask.levels(block) if self.mask else np.zeros((len(block), 1, 2))
        position = np.arange(block.shape[1]) % levels.shape[1]
        return calibrate_lines(block, levels, position, self.shift, self.coefficients, self.gain)


@dataclass(frozen=True)
class MaskedColumns:
    """Masked columns, which see no light: their mean level is the offset of a line.

    Each read-out position of the detector has its own level. The position of a column is its number modulo the number
    of positions.

    Attributes
    ----------
    first, last : list of ndarray
        Columns of each position, on the side that is read out first and on the other side.
    both : bool
        Whether the offset is interpolated between the levels of the two sides, or is the level of the first side.
    """

    first: list
    last: list
    both: bool

    @classmethod
    def of(cls, files: CalibrationFiles, label: "NacLabel", spoilt: bool) -> Self:
        """Return the masked columns of an image.

        Parameters
        ----------
        files : CalibrationFiles
        label : NacLabel
        spoilt : bool
            Whether the image is so bright that only the first side can be trusted.

        Raises
        ------
        InputError
            If the list has no column for a position, or has a column outside the image.
        """
        positions = 8 // label.summing
        sides = []
        for columns in files.masked_columns():
            sides.append([columns[columns % positions == position] for position in range(positions)])
            if any(not len(group) for group in sides[-1]) or columns.min() < 0 or columns.max() >= label.samples:
                raise InputError(
                    files.find(files.masked_stem, ".pvl"),
                    f"its masked columns do not fit an image of {label.samples} samples",
                    f"each side needs columns of all {positions} read-out positions",
                )
        return cls(*sides, both=not spoilt)

    def levels(self, block: np.ndarray) -> np.ndarray:
        """Return the offsets of lines: (lines, positions, 2) float64. The offset of column i is [0] + [1] i."""
        levels = np.zeros((len(block), len(self.first), 2))
        for position, (first, last) in enumerate(zip(self.first, self.last, strict=True)):
            level = _mean(block[:, first])
            levels[:, position, 0] = level
            if self.both:
                # ISIS places each side's level at the mean of its columns, cut to a whole number.
                at_first, at_last = int(first.sum()) // len(first), int(last.sum()) // len(last)
                slope = (_mean(block[:, last]) - level) / (at_last - at_first)
                levels[:, position, 0] -= slope * at_first
                levels[:, position, 1] = slope
        return levels


def remove_echo(image: np.ndarray, label: "NacLabel", delta: float = ECHO_DELTA) -> np.ndarray:
    """Remove from each pixel the echo of the pixel that was read out before it, as lronacecho does.

    Parameters
    ----------
    image : ndarray
        (lines, samples) float32, whole lines; NaN where there is no data.
    label : NacLabel
        For camera and summing.
    delta : float
        Strength of the echo.

    Returns
    -------
    ndarray
        (lines, samples) float32.
    """
    step = 2 // label.summing
    samples = image.shape[1]
    column = np.arange(samples)
    ramp = ECHO_SMOOTHING_SAMPLES // label.summing
    # The active area begins at these columns. There the correction rises from 0 to full strength along half a cosine.
    if label.camera == "left":
        turn_on = (column >= 21 * step) & (column <= 21 * step + ramp)
        into = column - 21 * step
    else:
        turn_on = (column <= 2512 * step) & (column >= 2512 * step - ramp)
        into = samples - column - 21 * step
    deltas = np.where(turn_on, delta / 2 * (1 - np.cos(math.pi / ramp * into)), delta)
    if label.camera == "left":
        return remove_echo_lines(np.ascontiguousarray(image, np.float32), deltas, step)
    reverse = np.ascontiguousarray(image[:, ::-1], np.float32)
    return remove_echo_lines(reverse, deltas[::-1].copy(), step)[:, ::-1]


def _dark(files, label, darks, dark_file):
    if darks == "custom":
        if dark_file is None:
            raise InputError("dark_file", "no custom dark was named", "name the cube, or use darks pair or nearest")
        return read_column_cube(dark_file)
    exp0 = label.exposure_code == 0
    time_s = int(ephemeris_time(label.start_time))
    times = sorted(files.dark_times(exp0), key=lambda dark_time: abs(time_s - dark_time))
    before = next((dark_time for dark_time in times if dark_time <= time_s), None)
    after = next((dark_time for dark_time in times if dark_time >= time_s), None)
    if darks == "nearest" or before is None or after is None or before == after:
        return files.dark(times[0], exp0)
    if (after - before) // _DAY_S > _PAIR_LIMIT_DAYS:
        raise InputError(
            files.directory,
            f"its darks around {label.product_id} ({files.dark_stem(before, exp0)} and {files.dark_stem(after, exp0)}) "
            f"are more than {_PAIR_LIMIT_DAYS} days apart",
            "complete the set of darks, or use darks: nearest",
        )
    weight = (after - time_s) / (after - before)
    early, late = files.dark(before, exp0), files.dark(after, exp0)
    return np.where(np.isnan(late), early, weight * early + (1 - weight) * late)


def _nonlinearity(files, label):
    """Coefficients (summing, 3, samples) of the columns of the image."""
    table = files.coefficients()
    columns = label.samples * label.summing
    if len(table) < columns or (table[:columns, 1] <= 0).any():
        raise InputError(
            files.find(files.coefficients_stem, ".txt"),
            f"its {len(table)} rows do not fit an image of {label.samples} samples summed by {label.summing}",
            "check the calibration directory",
        )
    table = table[:columns]
    table[:, 1] = np.log(table[:, 1])
    return np.ascontiguousarray(table.reshape(label.samples, label.summing, 3).transpose(1, 2, 0))


def _fit(vector, label, what):
    if len(vector) != label.samples:
        raise InputError(
            label.product_id,
            f"has {label.samples} samples, but the file of its {what} has {len(vector)}",
            "calibration needs whole lines and the files of the image's summing",
        )
    return vector


def _mean(columns):
    """Return the mean of each line over its valid pixels, float64; NaN if it has none."""
    valid = ~np.isnan(columns)
    total = np.where(valid, columns, 0).sum(axis=1, dtype=float)
    count = valid.sum(axis=1)
    return np.divide(total, count, out=np.full(len(columns), np.nan), where=count > 0)
