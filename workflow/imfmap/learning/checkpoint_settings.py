"""The check of a checkpoint's settings: they come from a file that anybody may have written."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.choices import LARGEST_TILE_PX, RECIPES
from ..core.errors import InputError
from .architectures import ARCHITECTURES

# Ten times what published networks have. More would fill the memory before the weights show that they do not fit.
_MOST_CHANNELS, _MOST_STAGES = 2560, 8
_LONGEST_NAME = 100


def _number(value, low, high):
    return isinstance(value, int | float) and not isinstance(value, bool) and low < value < high


def _whole(value, low, high):
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _channels(value):
    few = isinstance(value, list | tuple) and len(value) <= _MOST_STAGES
    return few and all(_whole(each, 1, _MOST_CHANNELS) for each in value)


def _plain(value):
    """Whether a value can be written as JSON, with keys that are texts."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(each) for key, each in value.items())
    if isinstance(value, list | tuple):
        return all(map(_plain, value))
    return value is None or isinstance(value, str | bool | int | float)


# Each setting, whether it may be missing or None, and what it may be.
_RULES = {
    "architecture": (False, lambda value: isinstance(value, str) and value in ARCHITECTURES),
    "recipe": (False, lambda value: isinstance(value, str) and value in RECIPES),
    "tile_size_px": (False, lambda value: _whole(value, 32, LARGEST_TILE_PX) and value % 32 == 0),
    "resolution_m": (False, lambda value: _number(value, 0, math.inf)),
    "threshold": (False, lambda value: _number(value, 0, 1)),
    "encoder": (True, lambda value: isinstance(value, str) and len(value) <= _LONGEST_NAME),
    "decoder_channels": (True, _channels),
    "output_stride": (True, lambda value: _whole(value, 1, 64)),
    "sun_input": (True, lambda value: isinstance(value, bool)),
    "input_scaling": (True, lambda value: isinstance(value, str)),
    "input_channels": (True, lambda value: _whole(value, 1, _MOST_CHANNELS)),
    "calibration": (True, lambda value: isinstance(value, dict) and _plain(value)),
    "completeness": (True, lambda value: isinstance(value, dict) and _plain(value)),
    "sun_azimuth_deg": (True, lambda value: _number(value, -math.inf, math.inf)),
}


def check_settings(settings: Mapping[str, Any], path: str | Path) -> None:
    """Refuse settings of a checkpoint that are no settings of a network.

    Parameters
    ----------
    settings : mapping
        As `weight_files.read_state` returns them.
    path : path
        The checkpoint, for the message.

    Raises
    ------
    InputError
        Naming the first setting with a wrong type or value.
    """
    for name, (optional, fits) in _RULES.items():
        value = settings.get(name)
        if not (optional and value is None) and not fits(value):
            found = f"its setting {name} is '{str(value)[:60]}', which no network of this workflow has"
            raise InputError(path, found, "give the checkpoint as its training wrote it")
