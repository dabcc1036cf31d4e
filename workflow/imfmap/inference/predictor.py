"""A trained network as a function of windows, averaged over views of them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..core.choices import INFERENCE, THRESHOLD
from ..learning.augment import mirrored_azimuth_deg
from ..learning.mixed_precision import autocast_to, choose_dtype
from ..learning.models import choose_device, load_checkpoint, network_input
from ..learning.probability_calibration import (
    CALIBRATION_TAG,
    COMPLETENESS_TAG,
    THRESHOLD_TAG,
    ProbabilityCalibration,
)
from ..tiles.sun_frame import LEFT_DEG

_UP_DOWN = (-2,)
_ROWS_COLUMNS = (-2, -1)
# A view of a window: whether it is flipped upside down, and the number of quarter turns after that. So (True, 2) swaps
# left and right. Recipe sun_aligned has only views that keep the Sun on the left.
_UNCHANGED = (False, 0)
_FLIPS = {"sun_aligned": ((True, 0),), "paper": ((True, 0), (True, 2), (False, 2))}
_ROTATIONS = {"sun_aligned": (), "paper": (1, 2, 3)}


class Predictor:
    """A trained model that predicts the probabilities of windows.

    Parameters
    ----------
    checkpoint_path : path
    settings : mapping
        See `infer.infer_image`.

    Attributes
    ----------
    recipe : str
        Recipe of the tiles that the model was trained on.
    size_px : int
        Side of its windows, the same as that of the training tiles.
    is_sun_aware : bool
        Whether the model takes the Sun's direction as input.
    calibration : ProbabilityCalibration or None
        For maps of its probabilities. None if the checkpoint has none, or the settings leave it out.

    Raises
    ------
    InputError
        If the settings name a GPU and there is none, or a precision that the device does not have.
    """

    def __init__(self, checkpoint_path: str | Path, settings: Mapping[str, Any]):
        model, trained = load_checkpoint(checkpoint_path)
        self.device = choose_device(settings["device"], "inference.device")
        precision = settings.get("precision", INFERENCE["precision"])
        self.dtype = choose_dtype(precision, self.device, "inference.precision")
        self.model = model.to(self.device, memory_format=torch.channels_last).eval()
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
        self.recipe, self.size_px = trained["recipe"], trained["tile_size_px"]
        self.is_sun_aware = bool(trained.get("sun_input"))
        self.views = _views(self.recipe, settings)
        self.calibration, self._facts = None, {}
        calibrated = settings.get("calibrated", INFERENCE["calibrated"])
        # A model may bring its own threshold along, also without a calibration.
        if calibrated and trained.get("threshold", THRESHOLD) != THRESHOLD:
            self._facts = {THRESHOLD_TAG: trained["threshold"]}
        if trained.get("calibration") is not None and calibrated:
            self.calibration = ProbabilityCalibration.from_mapping(trained["calibration"], checkpoint_path)
            self._facts = {CALIBRATION_TAG: self.calibration.tag(), THRESHOLD_TAG: trained["threshold"]}
            if trained.get("completeness") is not None:
                self._facts[COMPLETENESS_TAG] = json.dumps(trained["completeness"], separators=(",", ":"))

    def __call__(self, windows: np.ndarray, sun_azimuth_deg: float = LEFT_DEG) -> Callable[[], np.ndarray]:
        """Start to compute the probabilities of windows; return at once if a GPU computes them.

        Parameters
        ----------
        windows : ndarray
            uint8 (N, S, S), 0 for no data.
        sun_azimuth_deg : float
            Direction towards the Sun in the windows, clockwise from up.

        Returns
        -------
        callable
            Waits for the probabilities and returns them: float32 (N, S, S), 0..1.
        """
        with torch.inference_mode():
            windows = torch.from_numpy(windows)
            if self.device.type == "cuda":
                windows = windows.pin_memory().to(self.device, non_blocking=True)
            total = 0.0
            for upside_down, turns in self.views:
                azimuth_deg = None
                if self.is_sun_aware:
                    # Quarter turns are counterclockwise, azimuths clockwise.
                    azimuth_deg = (mirrored_azimuth_deg(sun_azimuth_deg, upside_down) - 90.0 * turns) % 360.0
                view = windows.flip(_UP_DOWN) if upside_down else windows
                view = network_input(view.rot90(turns, _ROWS_COLUMNS), azimuth_deg)
                with autocast_to(self.device, self.dtype):
                    logits = self.model(view.contiguous(memory_format=torch.channels_last))
                result = torch.sigmoid(logits.float())[:, 0].rot90(-turns, _ROWS_COLUMNS)
                total = total + (result.flip(_UP_DOWN) if upside_down else result)
            return _to_host(total / len(self.views))

    def tags(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return tags for the probability raster: how it was made."""
        return {
            "IMF_RECIPE": self.recipe,
            "IMF_WINDOW_PX": self.size_px,
            "IMF_OVERLAP": settings["overlap"],
            "IMF_TEST_TIME_AUGMENTATION": ",".join(sorted(settings["test_time_augmentation"])) or "none",
            "IMF_SUN_OFFSET_DEG": settings.get("sun_offset_deg", INFERENCE["sun_offset_deg"]),
            **self._facts,
        }


def _views(recipe, settings):
    """Return the views of a window whose results are averaged: first the window itself, and no view twice."""
    augmented = settings["test_time_augmentation"]
    views = [_UNCHANGED, *(_FLIPS[recipe] if "flips" in augmented else ())]
    if "rotations" in augmented:
        views += [(upside_down, (turns + more) % 4) for upside_down, turns in views for more in _ROTATIONS[recipe]]
    return list(dict.fromkeys(views))


def _to_host(result):
    """Start to copy a tensor from the GPU, without making it wait; return a callable that returns it as an array."""
    if result.device.type == "cpu":
        return result.numpy
    host = torch.empty(result.shape, dtype=result.dtype, pin_memory=True)
    host.copy_(result, non_blocking=True)
    copied = torch.cuda.Event()
    copied.record()

    def wait():
        copied.synchronize()
        return host.numpy()

    return wait
