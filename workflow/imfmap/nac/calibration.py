"""Radiometric calibration of NAC images to the numbers of ISIS's lronaccal and lronacecho.

Everything that does not depend on the line is folded into one vector a step; a line then costs one pass.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..core.choices import DARKS, PROCESSING
from ..core.errors import InputError
from ..maps.sun_distance import sun_moon_distance_au
from ..maps.times import ephemeris_time
from .calibration_files import CalibrationFiles, read_column_cube
from .calibration_numba import calibrate_lines, remove_echo_lines

RADIOMETRY = ("iof", "radiance", None)
ECHO_DELTA = 0.326
ECHO_SMOOTHING_SAMPLES = 20
_DAY_S = 86400
_PAIR_LIMIT_DAYS = 45
# Counts in an image above which its masked columns on one side are not to be trusted.
_MASK_SPOILT_ABOVE = 1000.0


def calibrate(
    edr,
    calibration_dir,
    darks=PROCESSING["darks"],
    radiometry="iof",
    masked=PROCESSING["masked"],
    dark=PROCESSING["dark"],
    nonlinearity=PROCESSING["nonlinearity"],
    flat=PROCESSING["flat"],
    sun_distance_au=None,
    dark_file=None,
):
    """Calibrate a whole image as lronaccal does; parameters and errors as `Calibration.for_edr`.

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
    """Calibration of one image, its files read: applies to any block of whole lines.

    Attributes
    ----------
    mask : MaskedColumns or None
        Reference columns of the offset of a line.
    shift : ndarray
        (samples,) float64 counts to add: linearisation offset less dark; NaN where a pixel has no dark.
    coefficients : ndarray
        (summing, 3, samples) float64: c0, log c1 and c2 of the nonlinearity, of each of the columns summed into one;
        empty where it is switched off.
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
        edr,
        calibration_dir,
        darks=PROCESSING["darks"],
        radiometry="iof",
        masked=PROCESSING["masked"],
        dark=PROCESSING["dark"],
        nonlinearity=PROCESSING["nonlinearity"],
        flat=PROCESSING["flat"],
        sun_distance_au=None,
        dark_file=None,
    ):
        """Read what calibrates an image.

        Parameters
        ----------
        edr : Edr
            Or anything with its `label` and `max_count`.
        calibration_dir : path
            Laid out as ``$lro/calibration`` of ISISDATA.
        darks : str
            ``pair``: the average darks before and after the image weighted by time (at most 45 days apart; the
            nearest one where a side has none); ``nearest``; ``custom``: the cube `dark_file`.
        radiometry : str or None
            ``iof``, ``radiance``, or None for linear counts.
        masked, dark, nonlinearity, flat : bool
            Whether to take each step.
        sun_distance_au : float, optional
            For I/F; by default the Moon's at the image's time.
        dark_file : path, optional
            For custom darks.

        Raises
        ------
        InputError
            For a missing or unfit calibration file (its name, its place in ISISDATA, how to get it), or an option
            that is none.
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

    def apply(self, block):
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
    """Columns that see no light; their level, apart for each of the detector's read-out positions, is a line's offset.

    Attributes
    ----------
    first, last : list of ndarray
        Columns of each position (column modulo their number), on the side read out first and on the other.
    both : bool
        Whether the level is interpolated between the two sides, or the first one's taken.
    """

    first: list
    last: list
    both: bool

    @classmethod
    def of(cls, files, label, spoilt):
        """Masked columns for an image.

        Parameters
        ----------
        spoilt : bool
            Whether the image is so bright that only the first side can be trusted.

        Raises
        ------
        InputError
            Where the list has no column for a position, or one outside the image.
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

    def levels(self, block):
        """Offsets of lines: (lines, positions, 2) float64, the offset of column i being [0] + [1] i."""
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


def remove_echo(image, label, delta=ECHO_DELTA):
    """Take out the echo that the read-out leaves in each pixel of its predecessor, as lronacecho does.

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
    # The active area begins at these columns; towards them the correction is turned on by half a cosine.
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
            f"has {label.samples} samples, its {what} {len(vector)}",
            "calibration needs whole lines and the files of the image's summing",
        )
    return vector


def _mean(columns):
    """Mean of each line over its valid pixels, float64; NaN where there is none."""
    valid = ~np.isnan(columns)
    total = np.where(valid, columns, 0).sum(axis=1, dtype=float)
    count = valid.sum(axis=1)
    return np.divide(total, count, out=np.full(len(columns), np.nan), where=count > 0)
