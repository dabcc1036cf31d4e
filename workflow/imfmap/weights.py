"""Weights from files: read without running anything that is in them, and fitted to a network."""

import logging
import pickle
from urllib.error import URLError

import torch

from .deeplab import COCO_WEIGHTS, LAST_LAYER, NAMES
from .errors import InputError

# Keys that a state is usually kept under, the first that is there wins; else the largest state that is found.
_USUAL = ("state_dict", "model_state_dict", "model")
# What DataParallel, torch.compile and Lightning put before the names of weights.
_PREFIXES = ("module.", "_orig_mod.", "model.")
_NAMED_KEYS = 3

logger = logging.getLogger(__name__)


def read_state(path):
    """Read the weights of a checkpoint; nothing in the file is executed.

    Parameters
    ----------
    path : path
        A checkpoint of this workflow, or the state of a network, bare or anywhere in dictionaries, with or without the
        prefix of DataParallel. Of torchvision's DeepLabV3 the auxiliary head is left out, and two classes (background,
        fracture) are made one: the logit of the fracture in a softmax is the difference of the two.

    Returns
    -------
    dict
        `state_dict`, and `settings` and `training`, None where the file has none.

    Raises
    ------
    InputError
        Where the file is missing, holds more than weights and plain values, or no state.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(path, "no such file", "give the path of a checkpoint") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, AttributeError) as error:
        raise InputError(
            path, f"is no file of weights alone ({_reason(error)})", "give a checkpoint of tensors"
        ) from None
    state = _state_in(content)
    if state is None:
        raise InputError(path, "holds no state dictionary", "give a checkpoint, or a model's state_dict()")
    while prefix := next((start for start in _PREFIXES if all(key.startswith(start) for key in state)), None):
        state = {key.removeprefix(prefix): value for key, value in state.items()}
    state = {key: value for key, value in state.items() if not key.startswith("aux_classifier.")}
    for key in (f"{LAST_LAYER}.weight", f"{LAST_LAYER}.bias"):
        if key in state and len(state[key]) == 2:
            state[key] = state[key][1:] - state[key][:1]
    notes = content if isinstance(content, dict) else {}
    return {"state_dict": state, "settings": notes.get("settings"), "training": notes.get("training")}


def load_state(model, state, path):
    """Load a state of the whole model or of its bare network.

    Raises
    ------
    InputError
        Naming the first entries that are missing, left over or of another shape.
    """
    own = model.state_dict()
    state = _of_the_whole(state)
    faults = [f"no {name}" for name in own if name not in state]
    faults += [f"unknown {name}" for name in state if name not in own]
    faults += [
        f"{name} is {tuple(state[name].shape)} for {tuple(value.shape)}"
        for name, value in own.items()
        if name in state and state[name].shape != value.shape
    ]
    if faults:
        more = f" and {len(faults) - _NAMED_KEYS} more" if len(faults) > _NAMED_KEYS else ""
        found = f"does not fit the model: {', '.join(faults[:_NAMED_KEYS])}{more}"
        raise InputError(path, found, "use the architecture that it was trained with")
    model.load_state_dict(state)


def start_from(model, path):
    """Load the weights that a training starts from.

    A DeepLabV3 of other classes (that of COCO has 21) gives all but its last layer, which stays as drawn. To a network
    that is given the Sun's direction, weights of one that is not say nothing of it: its weights there become 0.

    Raises
    ------
    InputError
        See `read_state` and `load_state`.
    """
    state = _of_the_whole(read_state(path)["state_dict"])
    own = model.state_dict()
    last = [name for name in own if name.startswith(f"network.{LAST_LAYER}.")]
    if any(name in state and state[name].shape != own[name].shape for name in last):
        logger.info("%s has other classes: the last layer starts as drawn", path)
        state |= {name: own[name] for name in last}
    first = next(name for name, value in own.items() if value.ndim == 4)
    if first in state and state[first].ndim == 4:
        missing = own[first].shape[1] - state[first].shape[1]
        if missing == model.sun_channels > 0:
            state[first] = torch.nn.functional.pad(state[first], (0, 0, 0, 0, 0, missing))
    load_state(model, state, path)


def fetch_coco(name):
    """Path of torchvision's COCO weights of a DeepLabV3, fetched where torch keeps such files.

    Raises
    ------
    InputError
        Where there are none, or they cannot be fetched.
    """
    if name not in COCO_WEIGHTS:
        raise InputError("weights", f"there are no COCO weights of {name}", f"use {', '.join(NAMES)}, or null")
    url = COCO_WEIGHTS[name].url
    path = f"{torch.hub.get_dir()}/checkpoints/{url.rsplit('/', 1)[-1]}"
    try:
        torch.hub.load_state_dict_from_url(url, map_location="cpu", progress=False, check_hash=True, weights_only=True)
    except (URLError, OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise InputError("weights", f"coco cannot be fetched ({error})", "give the path of a file, or null") from None
    return path


def _state_in(content):
    """The state dictionary somewhere in dictionaries, or None."""
    if not isinstance(content, dict) or not content:
        return None
    if all(isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()):
        return content
    for key in _USUAL:
        if (state := _state_in(content.get(key))) is not None:
            return state
    states = [state for value in content.values() if (state := _state_in(value)) is not None]
    return max(states, key=len, default=None)


def _of_the_whole(state):
    """State of the whole model, of that or of its bare network."""
    if any(name.startswith("network.") for name in state):
        return state
    return {f"network.{name}": value for name, value in state.items()}


def _reason(error):
    return str(error).splitlines()[0] if str(error) else type(error).__name__
