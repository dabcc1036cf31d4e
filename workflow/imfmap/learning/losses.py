"""The loss of a training: the paper's cross-entropy over all pixels, with optional terms and treatment of labels.

Nobody knows the boundary of a label to the pixel. `LabelEdges` softens it, or leaves a band about it out of the loss.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from skimage.morphology import skeletonize
from torch.nn.functional import binary_cross_entropy_with_logits, pad

from ..core.choices import LEARNING

# Enough for lines up to 20 px wide: all of the paper's classes but the rarest two (3 % of the labels).
SKELETON_STEPS = 10


@dataclass(frozen=True)
class LabelEdges:
    """How labels are taken at their edges.

    Attributes
    ----------
    soft_px : float
        Distance to either side of an edge over which the label falls from 1 to 0; 0 leaves it hard.
    ignore_px : float
        Pixels whose middle is nearer to an edge do not count in the loss; 0 counts all. A label's centreline always
        counts, so that a line thinner than the band keeps a label.
    """

    soft_px: float = LEARNING["soft_px"]
    ignore_px: float = LEARNING["ignore_px"]

    def __bool__(self):
        return self.soft_px > 0 or self.ignore_px > 0

    def treat(self, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return label and weight of each pixel.

        Parameters
        ----------
        mask : ndarray
            uint8 (S, S), 0 or 1.

        Returns
        -------
        target : ndarray
            float32 (S, S), 0..1.
        counted : ndarray
            float32 (S, S), 0 or 1.
        """
        target, counted = mask.astype(np.float32), np.ones(mask.shape, np.float32)
        if not mask.any() or mask.all():
            return target, counted
        # Distance of pixels' middles to the edge, which runs between pixels; positive inside.
        inside = distance_transform_edt(mask) - 0.5
        distance = np.where(mask > 0, inside, 0.5 - distance_transform_edt(mask == 0))
        if self.soft_px > 0:
            target = np.clip(0.5 + distance / (2 * self.soft_px), 0, 1).astype(np.float32)
        if self.ignore_px > 0:
            counted = ((np.abs(distance) >= self.ignore_px) | skeletonize(mask > 0)).astype(np.float32)
        return target, counted


@dataclass(frozen=True)
class Loss:
    """Binary cross-entropy, with optional terms added to it.

    Attributes
    ----------
    positive_weight : float
        Factor on the cross-entropy of labelled pixels.
    dice_weight : float
        Weight of a soft Dice term of the batch.
    cldice_weight : float
        Weight of a soft centreline-Dice term of the batch (`centreline_dice`).
    """

    positive_weight: float = LEARNING["positive_weight"]
    dice_weight: float = LEARNING["dice_weight"]
    cldice_weight: float = LEARNING["cldice_weight"]

    def __call__(self, logits: torch.Tensor, target: torch.Tensor, counted: torch.Tensor | None = None) -> torch.Tensor:
        """Return the loss of a batch.

        Parameters
        ----------
        logits, target : torch.Tensor
            float (B, 1, S, S); target 0..1.
        counted : torch.Tensor, optional
            Weights of the pixels, 0 or 1; by default all count, those without data too.

        Returns
        -------
        torch.Tensor
            Scalar.
        """
        logits = logits.float()
        # Made on the device: copying a number to it would make it wait.
        weight = logits.new_full((), self.positive_weight)
        loss = binary_cross_entropy_with_logits(logits, target, weight=counted, pos_weight=weight, reduction="sum")
        loss = loss / (logits.numel() if counted is None else counted.sum().clamp(min=1.0))
        if self.dice_weight or self.cldice_weight:
            probability = torch.sigmoid(logits)
            if counted is not None:
                probability, target = probability * counted, target * counted
            if self.dice_weight:
                shared, total = (probability * target).sum(), probability.sum() + target.sum()
                loss = loss + self.dice_weight * (1.0 - (2.0 * shared + 1.0) / (total + 1.0))
            if self.cldice_weight:
                loss = loss + self.cldice_weight * (1.0 - centreline_dice(probability, target))
        return loss


def centreline_dice(probability: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the soft clDice of a batch (Shit et al. 2021): how much of each one's centreline the other covers.

    It is the harmonic mean of two shares: that of the prediction's soft skeleton that lies in the label, and that of
    the label's soft skeleton that lies in the prediction. A thin line thus counts as much as a wide one of its length.

    Parameters
    ----------
    probability, target : torch.Tensor
        float (B, 1, S, S), 0..1.

    Returns
    -------
    torch.Tensor
        Scalar, 0..1.
    """
    found, wanted = soft_skeleton(probability), soft_skeleton(target)
    precision = ((found * target).sum() + 1.0) / (found.sum() + 1.0)
    recall = ((wanted * probability).sum() + 1.0) / (wanted.sum() + 1.0)
    return 2.0 * precision * recall / (precision + recall)


def soft_skeleton(image: torch.Tensor, steps: int = SKELETON_STEPS) -> torch.Tensor:
    """Return the soft skeleton (Shit et al. 2021, algorithm 1): what the opening of each erosion removes."""
    skeleton = torch.zeros_like(image)
    for _ in range(steps + 1):
        eroded = _eroded(image)
        lost = torch.relu(image - _dilated(eroded))
        skeleton = skeleton + torch.relu(lost - skeleton * lost)
        image = eroded
    return skeleton


def _eroded(image):
    """Return the least of each pixel and its four neighbours."""
    # Shifted views, because the backward pass of pooling is several times slower on a CPU.
    edged = pad(image, (1, 1, 1, 1), value=torch.inf)
    rows, columns = edged[..., 1:-1], edged[..., 1:-1, :]
    least = torch.minimum(torch.minimum(rows[..., :-2, :], rows[..., 2:, :]), image)
    return torch.minimum(least, torch.minimum(columns[..., :-2], columns[..., 2:]))


def _dilated(image):
    """Return the largest of each pixel and its eight neighbours."""
    edged = pad(image, (1, 1, 1, 1), value=-torch.inf)
    largest = torch.maximum(torch.maximum(edged[..., :-2, :], edged[..., 1:-1, :]), edged[..., 2:, :])
    return torch.maximum(torch.maximum(largest[..., :-2], largest[..., 1:-1]), largest[..., 2:])
