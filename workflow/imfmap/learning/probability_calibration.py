"""From the probabilities that a network gives to probabilities that mean what they say.

Of the pixels that are given the probability 0.7, seven in ten should be fractures. A network does not keep to that by
itself. `ProbabilityCalibration` corrects it with a few numbers that were fitted on places that training had not seen
(`scoring.calibration_fit`). The numbers lie in the checkpoint, and from there in the tags of probability rasters. This
module needs only NumPy, because the fusion of images reads it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..core.errors import InputError

# Tags of probability rasters: the calibration that was applied, and threshold and completeness that hold for it.
CALIBRATION_TAG, THRESHOLD_TAG, COMPLETENESS_TAG = "IMF_CALIBRATION", "IMF_THRESHOLD", "IMF_COMPLETENESS"
# Probabilities before calibration at which its curves are given; between them they are straight.
KNOTS = (
    0,
    *(0.004, 0.012, 0.028, 0.052, 0.1),
    *np.arange(0.16, 0.86, 0.06).round(2).tolist(),
    *(0.9, 0.948, 0.972, 0.988, 0.996),
    1,
)
_REMEDY = "calibrate the model again (docs/completeness.md)"


@dataclass(frozen=True)
class ProbabilityCalibration:
    """Rising curves that correct the probability in one image, and the mean over several images.

    The mean of calibrated probabilities is too cautious, since every image adds knowledge (Ranjan & Gneiting 2010). So
    it is corrected once more, the more the more images there are. Their effective number at a pixel is (sum of
    weights)^2 / sum of squared weights. A pixel that only one image shows keeps its probability; between the numbers of
    images of two curves, corrections are interpolated along the logarithm of the number.

    Attributes
    ----------
    image : tuple of float
        Calibrated probability of one image at each of `KNOTS`.
    images : tuple of float
        Effective numbers of images, rising from above 1, for each of which there is a curve. Beyond the last one, that
        curve holds.
    fused : tuple of tuple of float
        For each of them the calibrated mean at each of `KNOTS`.
    """

    image: tuple[float, ...]
    images: tuple[float, ...] = ()
    fused: tuple[tuple[float, ...], ...] = ()

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], where: str | Path) -> Self:
        """Return the calibration that a checkpoint or a tag holds.

        Parameters
        ----------
        values : mapping
            `image`, `images` and `fused`; other keys are ignored.
        where : path
            File that holds it, named in errors.

        Raises
        ------
        InputError
            If a value is missing, is no probability, or makes a curve fall.
        """
        try:
            image, images, *fused = (
                np.array(row, float) for row in (values["image"], values["images"], *values["fused"])
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputError(where, f"holds a calibration that cannot be read ({error!r})", _REMEDY) from None
        curves = [image, *fused]
        if any(curve.shape != (len(KNOTS),) for curve in curves) or images.shape != (len(fused),):
            raise InputError(where, "holds a calibration of another size than this version has", _REMEDY)
        rises = all((np.diff(curve) >= 0).all() and 0 <= curve[0] < curve[-1] <= 1 for curve in curves)
        if not rises or not (np.diff([1.0, *images]) > 0).all() or not np.isfinite(images).all():
            raise InputError(where, "holds a calibration curve that falls, where it must rise", _REMEDY)
        return cls(tuple(image.tolist()), tuple(images.tolist()), tuple(tuple(curve.tolist()) for curve in fused))

    @classmethod
    def from_tag(cls, text: str | None, path: str | Path) -> Self | None:
        """Return the calibration in a raster's tag; None without a tag."""
        if text is None:
            return None
        try:
            values = json.loads(text)
        except ValueError:
            values = None
        return cls.from_mapping(values if isinstance(values, dict) else {}, path)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a checkpoint."""
        return json.loads(self.tag())

    def tag(self) -> str:
        """Return the text of the tag `CALIBRATION_TAG`."""
        return json.dumps(asdict(self), separators=(",", ":"))

    def of_image(self, probability: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities of one image: float, 0..1, NaN where there is no data."""
        return np.interp(probability, KNOTS, self.image)

    def of_mean(self, mean: np.ndarray, images: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities of several images.

        Parameters
        ----------
        mean : ndarray
            Weighted mean of the images' calibrated probabilities, 0..1, NaN where there is no data.
        images : ndarray
            Effective number of images, 1 or more, same shape.

        Returns
        -------
        ndarray
            Float, 0..1.
        """
        numbers = np.log((1.0, *self.images))
        place = np.interp(np.log(np.maximum(images, 1.0)), numbers, np.arange(len(numbers)))
        total = np.zeros(np.shape(mean))
        for number, curve in enumerate((KNOTS, *self.fused)):
            # The share of each curve falls from 1 at its own number of images to 0 at those beside it.
            share = np.maximum(1.0 - np.abs(place - number), 0.0)
            total += share * np.interp(mean, KNOTS, curve)
        return total

    def before(self, threshold: float) -> float:
        """Return the probability of the network, above 0 and below 1, from which on the calibrated one is `threshold`.

        Where no probability is calibrated to so much, it is next to 1.
        """
        levels = np.linspace(1e-6, 1 - 1e-6, 5001)
        reached = self.of_image(levels) >= threshold - 1e-9
        return float(levels[np.argmax(reached)]) if reached.any() else 1 - 1e-6


def effective_images(weights: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Return the effective number of images from the sum of their weights and of the squared weights; 1 without any."""
    return np.where(squares > 0, weights**2 / np.where(squares > 0, squares, 1.0), 1.0)
