"""Models as ONNX files, for programs without PyTorch: QGIS's plugin Deepness reads their metadata.

Keys and forms of the metadata are those that Deepness reads (its module `model_base`): every value is JSON. Its
documentation says `tiles_size` where the program reads `tile_size`, so both are written.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ..core.errors import InputError
from ..core.files import replacing
from .models import load_checkpoint, network_input
from .probability_calibration import KNOTS, ProbabilityCalibration

# Class 0 is all else. Deepness takes the only channel of the output as class 1.
CLASS_NAMES = {0: "background", 1: "fracture"}
OVERLAP_PERCENT = 10
_CM_PER_M = 100

logger = logging.getLogger(__name__)


class ProbabilityNetwork(nn.Module):
    """A network that returns probabilities, calibrated if its checkpoint is.

    Parameters
    ----------
    network : models.GreyNetwork
    calibration : ProbabilityCalibration, optional
    """

    def __init__(self, network: nn.Module, calibration: ProbabilityCalibration | None = None):
        super().__init__()
        self.network, self.curve = network, None if calibration is None else calibration.image

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return probabilities (N, 1, S, S) of grey values (N, 1, S, S), 0..1."""
        probability = torch.sigmoid(self.network(image))
        if self.curve is None:
            return probability
        # A curve that is straight between its knots, of operations that every runtime has.
        total = torch.full_like(probability, self.curve[0])
        knots = [float(knot) for knot in KNOTS]
        slopes = np.diff(self.curve) / np.diff(knots)
        for low, high, slope in zip(knots[:-1], knots[1:], slopes.tolist(), strict=True):
            total = total + slope * (probability.clamp(low, high) - low)
        return total


def metadata(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata of a model for Deepness.

    Parameters
    ----------
    settings : mapping
        Of the checkpoint: `tile_size_px`, `resolution_m`, `threshold`.
    """
    values = {
        "model_type": "Segmentor",
        "class_names": CLASS_NAMES,
        "resolution": settings["resolution_m"] * _CM_PER_M,
        "tile_size": settings["tile_size_px"],
        "tiles_size": settings["tile_size_px"],
        "tiles_overlap": OVERLAP_PERCENT,
        "seg_thresh": settings["threshold"],
        "seg_small_segment": 0,
    }
    return {key: json.dumps(value) for key, value in values.items()}


def export_onnx(checkpoint_path: str | Path, out_path: str | Path) -> None:
    """Write a checkpoint as an ONNX model that takes 8-bit pixels over 255 and returns probabilities.

    Parameters
    ----------
    checkpoint_path : path
        A checkpoint of `models.save_checkpoint`.
    out_path : path
        Its input `image` and its output `probability` are float32 (1, 1, S, S), 0..1.

    Raises
    ------
    InputError
        If the network asks for the Sun's direction beside the image, which Deepness cannot give.
    """
    network, settings = load_checkpoint(checkpoint_path)
    if settings.get("sun_input"):
        found = "its network takes the Sun's direction beside the image (sun_input)"
        raise InputError(checkpoint_path, found, "no other program gives it: export a model without sun_input")
    if settings["recipe"] == "sun_aligned":
        logger.warning("the model expects images whose Sun is on the left, as brightness relative to its surroundings")
    calibration = settings.get("calibration")
    if calibration is not None:
        calibration = ProbabilityCalibration.from_mapping(calibration, checkpoint_path)
    size_px = settings["tile_size_px"]
    image = network_input(torch.zeros(1, size_px, size_px, dtype=torch.uint8))
    names = {"input_names": ["image"], "output_names": ["probability"]}
    with torch.inference_mode():
        program = torch.onnx.export(
            ProbabilityNetwork(network, calibration).eval(), (image,), dynamo=True, verbose=False, **names
        )
    program.model.metadata_props.update(metadata(settings))
    with replacing(Path(out_path)) as temporary:
        program.save(temporary)
