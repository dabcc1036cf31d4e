"""Checkpoints whose probabilities are calibrated."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..core.errors import InputError
from .models import load_checkpoint
from .weight_files import replacing_checkpoint


def write_calibrated(path: str | Path, out_path: str | Path, calibrated: Mapping[str, Any]) -> None:
    """Write a checkpoint again with another calibration among its settings. Weights and all else are as they were.

    Parameters
    ----------
    path : path
        Checkpoint of this workflow. It is not changed.
    out_path : path
        Another file.
    calibrated : mapping
        Plain values: `calibration` (see `probability_calibration.ProbabilityCalibration`), `threshold` (least
        calibrated probability of a fracture pixel) and `completeness` (see `fractures.completeness`).

    Raises
    ------
    InputError
        If the file is no checkpoint of this workflow, or `out_path` is the same file.
    """
    if Path(path).resolve() == Path(out_path).resolve():
        raise InputError(
            out_path,
            "is both the checkpoint that is read and the one to be written",
            "give the calibrated one another name",
        )
    load_checkpoint(path)
    content = torch.load(path, map_location="cpu", weights_only=True)
    content["settings"] = {**content["settings"], **calibrated}
    # Given a path, torch would write the temporary name into the file.
    with replacing_checkpoint(out_path) as temporary, open(temporary, "wb") as file:
        torch.save(content, file)
