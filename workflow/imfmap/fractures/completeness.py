"""The chance that a map shows a fracture, by its width, the images, and their Suns.

The chance is a logistic function of the width and of what the images show of a strike (`Views.features`). It was fitted
on simulated places (`scoring.completeness_fit`), for maps that are made with one threshold. Its numbers lie in the
checkpoint, and from there in a tag of the probability raster. docs/completeness.md has the formulae and what they
assume.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from rasterio.enums import Resampling
from rasterio.io import DatasetReader

from ..core.errors import InputError
from ..inference.fusion import image_weight, lit_weight
from ..learning.probability_calibration import effective_images
from ..maps.grids import MapGrid
from ..maps.image_facts import ImageFacts
from ..maps.rasters import open_raster

if TYPE_CHECKING:
    from ..maps.ground_plane import MappedGround

KINDS = ("length", "number")
# Features of the logistic function, in the order of its coefficients.
FEATURES = ("constant", "log_width", "log_width_2", "across_sun", "low_sun", "log_images")
# Strikes over which a chance is averaged if fractures may run in any direction.
STRIKES_DEG = np.arange(0.0, 180.0, 10.0)
# Width at which the logarithm of the width is 0, metres.
_MIDDLE_M = 7.0
# Incidence from which on long shadows cover the ground.
_LOW_SUN_DEG = 60.0
# Side of the pixels at which shadows on the ground are looked for. Three of them are about `shadows.NEIGHBOURHOOD_M`.
_SHADOW_M = 50.0
# Steps to which the weight of light is rounded, so that places with equal images are worked out once.
_LIT_STEPS = 4


@dataclass(frozen=True)
class Views:
    """Which images show the ground, and how much of it.

    Attributes
    ----------
    weights : ndarray
        (places, images) 0 where an image shows nothing, else its weight in the fusion.
    area_km2 : ndarray
        (places,) ground that has these weights.
    sun_azimuth_deg, incidence_deg : ndarray
        (images,) on the map.
    """

    weights: np.ndarray
    area_km2: np.ndarray
    sun_azimuth_deg: np.ndarray
    incidence_deg: np.ndarray

    def features(self, width_m: float | np.ndarray, strike_deg: float | np.ndarray) -> np.ndarray:
        """Return the features of a fracture at every place.

        Parameters
        ----------
        width_m, strike_deg : float or ndarray
            Of one fracture, or (places,) of one at each place. Strikes are on the map, clockwise from up.

        Returns
        -------
        ndarray
            (places, features), NaN where no image shows the ground.
        """
        across = np.abs(np.sin(np.radians(self.sun_azimuth_deg - np.asarray(strike_deg, float)[..., np.newaxis])))
        return self.features_across(width_m, across)

    def features_across(self, width_m: float | np.ndarray, across: np.ndarray) -> np.ndarray:
        """Return the features from the sine of the angle between strike and Sun: (images,) or (places, images)."""
        share, images = self._shares()
        shown, low = sun_features(self.incidence_deg, across)
        return features_of(width_m, (share * shown).sum(axis=1), (share * low).sum(axis=1), images)

    def features_of_strikes(self, widths_m: np.ndarray) -> np.ndarray:
        """Return the features of some widths and all of `STRIKES_DEG`: (widths, strikes, places, features)."""
        share, images = self._shares()
        across = np.abs(np.sin(np.radians(self.sun_azimuth_deg - STRIKES_DEG[:, np.newaxis])))
        shown, low = sun_features(self.incidence_deg, across)
        widths_m = np.asarray(widths_m, float)[:, np.newaxis, np.newaxis]
        return features_of(widths_m, shown @ share.T, share @ low, images)

    def _shares(self):
        """Return the share of each image in the fusion (NaN where none shows the ground), and the number of images."""
        total = self.weights.sum(axis=1)
        share = self.weights / np.where(total > 0, total, np.nan)[:, np.newaxis]
        return share, effective_images(total, (self.weights**2).sum(axis=1))


def sun_features(incidence_deg: float | np.ndarray, across: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what one image shows of a strike: the contrast across the Sun, and how low the Sun stands, each 0..1.

    Parameters
    ----------
    incidence_deg : float or ndarray
    across : float or ndarray
        Absolute sine of the angle between strike and Sun.
    """
    incidence_deg = np.asarray(incidence_deg, float)
    steepness = np.tan(np.radians(np.minimum(incidence_deg, _LOW_SUN_DEG))) / math.tan(math.radians(_LOW_SUN_DEG))
    return across * steepness, np.maximum(incidence_deg - _LOW_SUN_DEG, 0.0) / (90.0 - _LOW_SUN_DEG)


def features_of(
    width_m: float | np.ndarray, across_sun: np.ndarray, low_sun: np.ndarray, images: np.ndarray
) -> np.ndarray:
    """Return the values of `FEATURES`: (..., features).

    Parameters
    ----------
    width_m : float or ndarray
    across_sun, low_sun : ndarray
        Means of `sun_features` over the images.
    images : ndarray
        Effective number of images.
    """
    log_width = np.log(np.asarray(width_m, float) / _MIDDLE_M)
    log_images = np.log(np.maximum(images, 1.0))
    columns = (1.0, log_width, log_width**2, across_sun, low_sun, log_images)
    return np.stack(np.broadcast_arrays(*columns), axis=-1)


@dataclass(frozen=True)
class Completeness:
    """Chances to find a fracture, and what is needed to correct lengths and numbers by them.

    Every row of an array is one fit: the first to all places, the others to places drawn with replacement (bootstrap).

    Attributes
    ----------
    length, number : ndarray
        (fits, features) coefficients: of the share of a fracture's length that is mapped, and of the chance that half
        of it or more is mapped.
    length_ratio, number_ratio : ndarray
        (fits, width classes) of what is found: true length over mapped length, true number over mapped polygons. Both
        are by width class, of the true and of the mapped width; mapped ones count with their confidence.
    scatter : mapping
        By kind and width class ("all" for their sum): standard deviation, from place to place, of the logarithm of
        corrected over true.
    class_width_m, class_length_m : ndarray
        (width classes,) typical width and mean length of true fractures in each class.
    most_images : float
        Largest effective number of images of the fit.
    made_with : mapping
        Settings that a map must share: `threshold`, `min_area_m2`, `resolution_m`.
    places : int
        Number of places of the fit.
    """

    length: np.ndarray
    number: np.ndarray
    length_ratio: np.ndarray
    number_ratio: np.ndarray
    scatter: Mapping[str, Mapping[str, float]]
    class_width_m: np.ndarray
    class_length_m: np.ndarray
    most_images: float
    made_with: Mapping[str, float]
    places: int

    @classmethod
    def from_tag(cls, text: str | None, path: str | Path) -> Self | None:
        """Return what a raster's tag holds; None without a tag.

        Raises
        ------
        InputError
            If the tag cannot be read.
        """
        if text is None:
            return None
        try:
            return cls.from_dict(json.loads(text))
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            found = f"holds a completeness that cannot be read ({error!r})"
            raise InputError(path, found, "calibrate the model again (docs/completeness.md)") from None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the completeness of `as_dict`. Raises KeyError, TypeError or ValueError if it has another form."""
        arrays = ("length", "number", "length_ratio", "number_ratio", "class_width_m", "class_length_m")
        made = cls(**{**values, **{name: np.array(values[name], float) for name in arrays}})
        fits = len(made.length)
        if made.length.shape != (fits, len(FEATURES)) or made.number.shape != made.length.shape:
            raise ValueError("other features")
        return made

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a checkpoint."""
        values = asdict(self)
        return {name: _plain(value) if isinstance(value, np.ndarray) else value for name, value in values.items()}

    def chance(self, kind: str, features: np.ndarray) -> np.ndarray:
        """Return the chances of every fit: (fits, ...), 0..1; 0 where no image shows the ground.

        Parameters
        ----------
        kind : str
            One of `KINDS`.
        features : ndarray
            (..., features), see `Views.features`.
        """
        features = np.array(features)
        features[..., -1] = np.minimum(features[..., -1], math.log(max(self.most_images, 1.0)))
        logit = np.einsum("...j,fj->f...", features, getattr(self, kind))
        return np.where(np.isfinite(logit), 1.0 / (1.0 + np.exp(-np.where(np.isfinite(logit), logit, 0.0))), 0.0)

    def chance_on_ground(self, kind: str, widths_m: np.ndarray, views: Views) -> np.ndarray:
        """Return the chances of some widths at every place, averaged over all strikes: (fits, widths, places)."""
        return self.chance(kind, views.features_of_strikes(widths_m)).mean(axis=2)


def views_of_ground(image_paths: Sequence[str | Path], ground: "MappedGround", resolution_m: float) -> Views:
    """Return which images show the ground, from the projected images.

    Parameters
    ----------
    image_paths : list of path
        Projected images that were searched.
    ground : ground_plane.MappedGround
        Cells of the ground that counts.
    resolution_m : float
        Pixel size of the map.

    Returns
    -------
    Views
        One place for each set of images and light that occurs.
    """
    row, column = np.nonzero(ground.area_km2 > 0)
    x, y = ground.grid.transform * (column + 0.5, row + 0.5)
    facts, steps = [], np.zeros((len(row), len(image_paths)), np.uint8)
    for number, path in enumerate(image_paths):
        with open_raster(path) as image:
            facts.append(ImageFacts.from_tags(image.tags(), path))
            steps[:, number] = np.rint(_LIT_STEPS * light_at(image, x, y))
    kinds, which = np.unique(steps, axis=0, return_inverse=True)
    return Views(
        kinds / _LIT_STEPS * [image_weight(fact, resolution_m) for fact in facts],
        np.bincount(which.ravel(), ground.area_km2[row, column], len(kinds)),
        np.array([fact.sun_azimuth_deg for fact in facts]),
        np.array([fact.incidence_deg for fact in facts]),
    )


def light_at(image: DatasetReader, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the weight of light (`fusion.lit_weight`) in an image at places x, y on the map; 0 without data."""
    grid = MapGrid.of(image)
    shape = tuple(math.ceil(extent * grid.resolution_m / _SHADOW_M) for extent in grid.shape)
    pixels = image.read(1, out_shape=shape, resampling=Resampling.average)
    if not np.isfinite(pixels).any():
        return np.zeros(len(x))
    lit = np.where(np.isfinite(pixels), lit_weight(pixels, float(np.nanmedian(pixels)), 3), 0.0)
    places = [(place + 0.5) / extent for place, extent in zip(grid.rowcol(x, y), grid.shape, strict=True)]
    inside = np.all([(place >= 0) & (place < 1) for place in places], axis=0)
    row, column = (np.where(inside, place * extent, 0).astype(int) for place, extent in zip(places, shape, strict=True))
    return np.where(inside, lit[row, column], 0.0)


def _plain(values):
    """Return an array as lists, with four digits."""
    return [_plain(row) for row in values] if values.ndim > 1 else [float(f"{value:.4g}") for value in values]
