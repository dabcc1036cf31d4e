"""Verdicts: whether the spread of simulated figures covers the real ones, one by one and all together."""

from dataclasses import asdict, dataclass

import numpy as np

# The simulated range is told between these percentiles; real figures count as covered where this share of them lies in.
RANGE_PERCENT = (2.5, 97.5)
COVERED_SHARE = 0.9
PARTLY_SHARE = 0.5
VERDICTS = ("covered", "partly covered", "not covered")
# Strength of the shrinkage of the discriminant towards independent figures.
_SHRINKAGE = 0.3


@dataclass(frozen=True)
class Comparison:
    """One figure of real and of simulated patches.

    Attributes
    ----------
    name : str
    real, simulated : tuple of float
        Minimum, median and maximum; of the simulated ones the percentiles of `RANGE_PERCENT` and the median.
    share_inside : float
        Of the real figures inside the simulated range.
    real_is_larger : float
        Probability that a real figure is larger than a simulated one: 0.5 where their middles agree.
    verdict : str
        One of `VERDICTS`.
    """

    name: str
    real: tuple
    simulated: tuple
    share_inside: float
    real_is_larger: float
    verdict: str


def compare(real, simulated):
    """Compare figures one by one.

    Parameters
    ----------
    real, simulated : sequence of dict of float
        Figures of each patch, all with the same names.

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
    """All figures together.

    Attributes
    ----------
    near_share : float
        Share of the real patches that are no farther from their nearest simulated one than 95 % of the simulated ones
        are from theirs.
    told_apart : float
        Area under the ROC curve of a linear discriminant between real and simulated patches, each judged by one that
        has not seen it: 0.5 where a machine can but guess, 1 where it is never wrong. NaN with fewer than four real
        ones.
    telling : tuple of str
        The figures that the discriminant leans on most.
    """

    near_share: float
    told_apart: float
    telling: tuple

    def as_dict(self):
        """dict: as JSON takes it, None where there is no number."""
        return {key: None if value != value else value for key, value in asdict(self).items()}


def compare_jointly(real, simulated):
    """Compare patches by all their figures at once.

    Parameters
    ----------
    real, simulated : sequence of dict of float

    Returns
    -------
    Together
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
    """Direction and threshold of Fisher's discriminant with shrunken covariance."""
    theirs, ours = points[is_real], points[~is_real]
    middle = theirs.mean(axis=0), ours.mean(axis=0)
    centred = np.vstack([theirs - middle[0], ours - middle[1]])
    covariance = centred.T @ centred / len(centred)
    diagonal = np.diag(np.diag(covariance)) + 1e-3 * np.eye(len(covariance))
    covariance = (1.0 - _SHRINKAGE) * covariance + _SHRINKAGE * diagonal
    direction = np.linalg.solve(covariance, middle[0] - middle[1])
    return direction, float(direction @ (middle[0] + middle[1]) / 2)
