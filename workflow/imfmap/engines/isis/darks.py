"""The darks that lronaccal will take, looked at before it runs."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.errors import InputError, SetupError
from ...maps.isis_label import read_cube_label
from ...maps.rasters import open_raster
from ...nac.calibration_files import CalibrationFiles
from ...nac.label import NacLabel
from .cubes import quiet


def check_darks(cube_path: str | Path, steps: Mapping[str, Any], data: str | Path | None = None) -> None:
    """Stop if lronaccal would crash over the darks, or take a dark that does not fit without a word.

    Parameters
    ----------
    cube_path : path
        The cube to calibrate.
    steps : mapping
        ``processing`` of the config: whether there is a step ``dark``, and its ``darks`` and ``dark_file``.
    data : path, optional
        ISISDATA; by default the environment's.

    Raises
    ------
    SetupError
        If there is no dark for the image, or the custom one has another width.
    """
    if not steps["dark"]:
        return
    label = NacLabel.from_cube(read_cube_label(cube_path), cube_path)
    if steps["darks"] == "custom":
        _check_width(cube_path, label.samples, steps["dark_file"])
        return
    data = os.environ.get("ISISDATA", "") if data is None else data
    folder = Path(data) / "lro" / "calibration"
    try:
        CalibrationFiles.of(folder, label).dark_times(label.exposure_code == 0)
    except InputError as error:
        # Without any dark, lronaccal of ISIS 8.3.0 crashes under NEAREST.
        raise SetupError(f"lronaccal of {cube_path}", f"would find no dark: {error}") from None


def _check_width(cube_path, samples, dark_file):
    with quiet(), open_raster(dark_file) as dark:
        width = dark.width
    if width != samples:
        raise SetupError(
            "processing.dark_file",
            f"{dark_file} is {width} samples wide, {cube_path} is {samples}",
            "give a dark of the same summing, or set processing.darks: pair",
        )
