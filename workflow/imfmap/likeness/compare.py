"""Verdicts: whether the range of simulated figures covers the real ones, one by one and all together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

# Percentiles that bound the simulated range, and the shares of real figures inside it for the first two verdicts.
RANGE_PERCENT = (2.5, 97.5)
COVERED_SHARE = 0.9
PARTLY_SHARE = 0.5
VERDICTS = ("covered", "partly covered", "not covered")
# Weight with which the covariance of the discriminant is shrunk towards independent figures.
_SHRINKAGE = 0.3


@dataclass(frozen=True)
class Comparison:
    """Comparison of one figure between real and simulated patches.

    Attributes
    ----------
    name : str
    real, simulated : tuple of float
        Minimum, median and maximum of the real figures. For the simulated ones: lower percentile of `RANGE_PERCENT`,
        median, upper percentile.
    share_inside : float
        Share of the real figures inside the simulated range.
    real_is_larger : float
        Probability that a real figure is larger than a simulated one. It is 0.5 if their middles agree.
    verdict : str
        One of `VERDICTS`.
    """

    name: str
    real: tuple
    simulated: tuple
    share_inside: float
    real_is_larger: float
    verdict: str


def compare(real: Sequence[Mapping[str, float]], simulated: Sequence[Mapping[str, float]]) -> list[Comparison]:
    """Compare the figures of real and simulated patches one by one.

    Parameters
    ----------
    real, simulated : sequence of dict of float
        Figures of each patch. All patches have the same names.

    Returns
    -------
    list of Comparison
    """
    return [_compared(name, real, simulated) for name in real[0]]


def _compared(name, real, simulated):
    ours = np.array([figures[name] for figures in simulated])
    theirs = np.array([figures[name] for figures in real])
    low, high = np.percentile(ours, RANGE_PERCENT)
    inside = float(((theirs >= low) & (theirs <= high)).mean())
    difference = theirs[:, None] - ours[None, :]
    larger = float(((difference > 0) + 0.5 * (difference == 0)).mean())
    verdict = VERDICTS[0 if inside >= COVERED_SHARE else 1 if inside >= PARTLY_SHARE else 2]
    return Comparison(
        name,
        (float(theirs.min()), float(np.median(theirs)), float(theirs.max())),
        (float(low), float(np.median(ours)), float(high)),
        inside,
        larger,
        verdict,
    )


@dataclass(frozen=True)
class JointComparison:
    """Comparison of all figures together.

    Attributes
    ----------
    near_share : float
        Share of the real patches whose distance to the nearest simulated patch is within the 95th percentile of the
        same distance of simulated patches.
    told_apart : float
        Area under the ROC curve of a linear discriminant between real and simulated patches. Each patch is left out
        when the discriminant that judges it is fitted. 0.5 means guessing, 1 means no error. NaN with fewer than four
        real patches.
    telling : tuple of str
        The five figures with the largest weights in the discriminant.
    """

    near_share: float
    told_apart: float
    telling: tuple

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON, with None instead of NaN."""
        return {key: None if value != value else value for key, value in asdict(self).items()}


def compare_jointly(real: Sequence[Mapping[str, float]], simulated: Sequence[Mapping[str, float]]) -> JointComparison:
    """Compare patches by all their figures at once.

    Parameters
    ----------
    real, simulated : sequence of dict of float
        Figures of each patch. All patches have the same names.

    Returns
    -------
    JointComparison
    """
    names = list(real[0])
    theirs, ours = (np.array([[figures[name] for name in names] for figures in group]) for group in (real, simulated))
    centre, scale = ours.mean(axis=0), np.maximum(ours.std(axis=0), 1e-9)
    theirs, ours = (theirs - centre) / scale, (ours - centre) / scale
    near = _nearest(ours, ours, itself=True)
    near_share = float((_nearest(theirs, ours) <= np.percentile(near, 95.0)).mean())
    if len(theirs) < 4:
        return JointComparison(near_share, float("nan"), ())
    both, is_real = np.vstack([theirs, ours]), np.arange(len(theirs) + len(ours)) < len(theirs)
    scores = np.empty(len(both))
    for k in range(len(both)):
        others = np.arange(len(both)) != k
        direction, threshold = _discriminant(both[others], is_real[others])
        scores[k] = both[k] @ direction - threshold
    wins = scores[is_real][:, None] - scores[~is_real][None, :]
    told_apart = float(((wins > 0) + 0.5 * (wins == 0)).mean())
    weights = np.abs(_discriminant(both, is_real)[0])
    return JointComparison(near_share, told_apart, tuple(names[k] for k in np.argsort(-weights)[:5]))


def _nearest(points, others, itself=False):
    distance = np.linalg.norm(points[:, None, :] - others[None, :, :], axis=-1)
    if itself:
        np.fill_diagonal(distance, np.inf)
    return distance.min(axis=1)


def _discriminant(points, is_real):
    """Return direction and threshold of Fisher's discriminant with shrunken covariance."""
    theirs, ours = points[is_real], points[~is_real]
    middle = theirs.mean(axis=0), ours.mean(axis=0)
    centred = np.vstack([theirs - middle[0], ours - middle[1]])
    covariance = centred.T @ centred / len(centred)
    diagonal = np.diag(np.diag(covariance)) + 1e-3 * np.eye(len(covariance))
    covariance = (1.0 - _SHRINKAGE) * covariance + _SHRINKAGE * diagonal
    direction = np.linalg.solve(covariance, middle[0] - middle[1])
    return direction, float(direction @ (middle[0] + middle[1]) / 2)
