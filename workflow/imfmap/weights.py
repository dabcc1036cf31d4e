"""Weights from files: read without running anything that is in them, and fitted to a network."""

import _codecs
import logging
import re

import numpy as np
import torch

from .deeplab import LAST_LAYER
from .errors import InputError

# What a checkpoint of this workflow says of its network and its use; settings without these are somebody else's.
OWN_SETTINGS = ("architecture", "recipe", "tile_size_px", "resolution_m", "threshold")
# Keys that a state is usually kept under, the first that is there wins; else the largest state that is found.
_USUAL = ("state_dict", "model_state_dict", "model")
_NAMED = 3
_SCALAR = np.float64(0).__reduce__()[0]
# NumPy's numbers, which people keep beside weights: values like any other, by NumPy's old and new name for them.
_NUMBERS = [
    _SCALAR,
    (_SCALAR, "numpy.core.multiarray.scalar"),
    np.dtype,
    *{type(np.dtype(code)) for code in "?bhilqBHILQefd"},
    _codecs.encode,
]

logger = logging.getLogger(__name__)


def read_state(path):
    """Read the weights of a checkpoint; nothing in the file is executed.

    Parameters
    ----------
    path : path
        A checkpoint of this workflow, or the state of a network, bare or anywhere in dictionaries, with other values
        beside it or without.

    Returns
    -------
    dict
        `state_dict`, under the names that the file has, and `settings` and `training`, None but for a checkpoint of
        this workflow.

    Raises
    ------
    InputError
        Where the file cannot be read, holds more than weights and plain values, or no state.
    """
    try:
        with torch.serialization.safe_globals(_NUMBERS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "give the path of a checkpoint") from None
    except Exception as error:  # bytes that are no checkpoint make the reader fall over anything
        raise InputError(path, *_refusal(error)) from None
    state = _state_in(content)
    if state is None:
        raise InputError(path, "holds no state dictionary", "give a checkpoint, or a network's state_dict()")
    settings = content.get("settings")
    if not isinstance(settings, dict) or not set(OWN_SETTINGS) <= set(settings):
        return {"state_dict": state, "settings": None, "training": None}
    return {"state_dict": state, "settings": settings, "training": content.get("training")}


def network_state(state, names, path):
    """A state's weights of one network, under the names that it has for them.

    Parameters
    ----------
    state : dict
        Of `read_state`: with any prefix (DataParallel's, Lightning's, a wrapper's), and others beside it (an auxiliary
        head, a loss with weights), which are left out.
    names : sequence of str
        The network's own. The first tells the prefix; parts of a state that none of them begins with are left out.
    path : path
        The state's file, for the log.

    Returns
    -------
    dict
        In a DeepLabV3, two classes (background, fracture) are made one: the logit of the fracture in a softmax is the
        difference of the two.
    """
    first, parts = names[0], {name.split(".")[0] for name in names}
    prefixes = [name.removesuffix(first) for name in state if f".{name}".endswith(f".{first}")]
    prefix = min(prefixes, key=len, default="")
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    found = {name: value for name, value in found.items() if name.split(".")[0] in parts}
    left_out = [name for name in state if name.removeprefix(prefix) not in found]
    if left_out:
        logger.info("%s: left out what is not the network's: %s", path, _listed(left_out))
    for key in (f"{LAST_LAYER}.weight", f"{LAST_LAYER}.bias"):
        if key in found and found[key].shape[:1] == (2,):
            found[key] = found[key][1:] - found[key][:1]
    return found


def load_state(model, state, path):
    """Load a state of the whole model or of its bare network (see `network_state`).

    Raises
    ------
    InputError
        Naming the first entries that are missing, left over or of another shape, or that hold no finite numbers.
    """
    own = model.network.state_dict()
    state = network_state(state, [*own], path)
    faults = [f"no {name}" for name in own if name not in state]
    faults += [f"unknown {name}" for name in state if name not in own]
    faults += [
        f"{name} is {tuple(state[name].shape)} for {tuple(value.shape)}"
        for name, value in own.items()
        if name in state and state[name].shape != value.shape
    ]
    if faults:
        found = f"does not fit the model: {_listed(faults)}"
        raise InputError(path, found, "use the architecture that it was trained with")
    endless = [name for name, value in state.items() if not torch.isfinite(value).all()]
    if endless:
        raise InputError(
            path, f"holds numbers that are not finite: {_listed(endless)}", "give weights of a training that went well"
        )
    model.network.load_state_dict(state)


def start_from(model, path):
    """Load the weights that a training starts from.

    A DeepLabV3 of other classes (that of COCO has 21) gives all but its last layer, which stays as drawn. To a network
    that is given the Sun's direction, weights of one that is not say nothing of it: its weights there become 0.

    Raises
    ------
    InputError
        See `read_state` and `load_state`.
    """
    own = model.network.state_dict()
    state = network_state(read_state(path)["state_dict"], [*own], path)
    last = [name for name in own if name.startswith(f"{LAST_LAYER}.")]
    if any(name in state and state[name].shape != own[name].shape for name in last):
        logger.info("%s has other classes: the last layer starts as drawn", path)
        state |= {name: own[name] for name in last}
    first = next(name for name, value in own.items() if value.ndim == 4)
    if first in state and state[first].ndim == 4:
        missing = own[first].shape[1] - state[first].shape[1]
        if missing == model.sun_channels > 0:
            state[first] = torch.nn.functional.pad(state[first], (0, 0, 0, 0, 0, missing))
    load_state(model, state, path)


def _state_in(content):
    """The state dictionary somewhere in dictionaries, or None."""
    if not isinstance(content, dict):
        return None
    for key in _USUAL:
        if (state := _state_in(content.get(key))) is not None:
            return state
    own = {key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, torch.Tensor)}
    states = [own, *(state for value in content.values() if (state := _state_in(value)) is not None)]
    return max(states, key=len) or None


def _refusal(error):
    """What was found in a file that torch does not read, and what to do."""
    said = str(error)
    remedy = "give a checkpoint, or a network's state_dict() as torch.save writes it"
    if named := re.search(r"\bGLOBAL (\S+)", said):
        return f"holds {named[1]}, and to read more than tensors and plain values could run code", remedy
    if "TorchScript" in said:
        return "is a program (TorchScript), and not weights alone", remedy
    return "is no PyTorch file, or not the whole of one", remedy


def _listed(names):
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
