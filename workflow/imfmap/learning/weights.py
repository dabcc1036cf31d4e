"""Weights fitted to a network: found among whatever stands beside them, checked, and loaded."""

import logging
import os.path
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..core.choices import SCALING
from ..core.errors import InputError
from .deeplab import LAST_LAYER
from .weight_files import read_state

if TYPE_CHECKING:
    from .models import GreyNetwork

# If a file holds several networks, the one to use: prefixes of its names, the most usual first; "" is no prefix.
_USUAL = ("", "state_dict", "model_state_dict", "model", "network", "net", "student", "module")
# Counters of batches. Old files lack them. Only a normalisation without momentum uses them: no network here has one.
_COUNTER = ".num_batches_tracked"
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_COLOURS = 3
_NAMED = 3


logger = logging.getLogger(__name__)


def network_state(
    state: Mapping[str, torch.Tensor], signatures: Sequence[Collection[str]], path: str | Path
) -> dict[str, torch.Tensor]:
    """Return the weights of one network from a state, under the network's own names.

    Parameters
    ----------
    state : dict
        Of `weight_files.read_state`. Its names may have any prefix (DataParallel's, Lightning's, a wrapper's, a
        dictionary's). Other weights (an auxiliary head, a loss, an optimiser) are left out.
    signatures : sequence of collection of str
        Names of weights, for each network that the state may belong to. They show the prefix. A part of the state is
        left out if none of these names begins with it.
    path : path
        The file of the state, for messages.

    Returns
    -------
    dict
        The two classes of a DeepLabV3 (background, fracture) become one. Its logit is the difference of the two, which
        gives the same probability as their softmax.

    Raises
    ------
    InputError
        If several networks have all names of a signature, and none of them has a usual prefix. If a weight has no
        numbers, or is sparse, quantised or not in floating point.
    """
    prefix = _prefix(state, signatures, path)
    parts = {name.split(".")[0] for names in signatures for name in names}
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    found = {name: value for name, value in found.items() if name.split(".")[0] in parts}
    taken = {f"{prefix}{name}" for name in found}
    left_out = list(dict.fromkeys(_branch(name, prefix) for name in state if name not in taken))
    if left_out:
        logger.info("%s: left out what is not the network's: %s", path, _listed(left_out))
    for name, value in found.items():
        if fault := _fault_of(name, value, path):
            raise InputError(path, f"holds {name} {fault}", "save it again as dense weights in floating point")
    for key in (f"{LAST_LAYER}.weight", f"{LAST_LAYER}.bias"):
        if key in found and found[key].shape[:1] == (2,):
            found[key] = found[key][1:] - found[key][:1]
    return found


def _fault_of(name, value, path):
    """Return why a tensor cannot be a weight, in words; None if it can."""
    if value.device.type == "meta":
        return "without its numbers (on PyTorch's device meta)"
    if value.is_quantized or value.layout != torch.strided or value.is_nested:
        return f"as {'quantised' if value.is_quantized else 'sparse or nested'} numbers"
    if value.dtype not in _FLOATS and not name.endswith(_COUNTER):
        return f"as {value.dtype}"
    if value.numel() * value.element_size() > Path(path).stat().st_size:
        return f"in the shape {tuple(value.shape)}, which the file has no room for"
    return None


def load_state(
    network: nn.Module,
    state: Mapping[str, torch.Tensor],
    path: str | Path,
    remedy: str = "use the architecture that it was trained with",
) -> None:
    """Load a state that has a network's weights (see `network_state`).

    If the state lacks counters of batches, the network keeps its own. `remedy` says what to do if the state does not
    fit.

    Raises
    ------
    InputError
        Naming the first entries that are missing, unknown, of another shape, or not finite.
    """
    own = network.state_dict()
    counters = {name: value for name, value in own.items() if name.endswith(_COUNTER)}
    state = counters | network_state(state, [own.keys() - counters.keys()], path)
    faults = [f"no {name}" for name in own if name not in state]
    faults += [f"unknown {name}" for name in state if name not in own]
    faults += [
        f"{name} is {tuple(state[name].shape)} for {tuple(value.shape)}"
        for name, value in own.items()
        if name in state and state[name].shape != value.shape
    ]
    if faults:
        raise InputError(path, f"does not fit the model: {_listed(faults)}", remedy)
    endless = [name for name, value in state.items() if not torch.isfinite(value).all()]
    if endless:
        raise InputError(
            path, f"holds numbers that are not finite: {_listed(endless)}", "give weights of a training that went well"
        )
    network.load_state_dict(state)


def check_start(settings: Mapping[str, Any] | None, scaling: str, path: str | Path) -> None:
    """Refuse starting weights whose input was scaled in another way than the model's is.

    Parameters
    ----------
    settings : mapping or None
        Those of the checkpoint; None for weights of another program, which do not say.
    scaling : str
        The model's `input_scaling`.
    path : path
        File of the weights, for the message.

    Raises
    ------
    InputError
        Naming the key to set.
    """
    known = (settings or {}).get("input_scaling") or SCALING
    if settings is not None and known != scaling:
        found = f"was trained with input_scaling {known}, the model has {scaling}"
        raise InputError(path, found, f"set the model's input_scaling: {known}")


def start_from(model: "GreyNetwork", path: str | Path) -> None:
    """Load the weights that a training starts from.

    From a DeepLabV3 of other classes (COCO's has 21), all but the last layer is taken; that layer keeps its random
    values. If the network takes the Sun's direction and the weights do not, those of the Sun's channels become 0.

    Raises
    ------
    InputError
        See `weight_files.read_state`, `check_start` and `load_state`.
    """
    own = model.network.state_dict()
    names = [name for name in own if not name.endswith(_COUNTER)]
    content = read_state(path)
    check_start(content["settings"], model.scaling, path)
    state = network_state(content["state_dict"], [names], path)
    last = [name for name in own if name.startswith(f"{LAST_LAYER}.")]
    if any(name in state and state[name].shape != own[name].shape for name in last):
        logger.info("%s has other classes: the last layer starts from random values", path)
        state |= {name: own[name] for name in last}
    _without_sun(state, own, model.sun_channels)
    load_state(model.network, state, path)


def start_encoder_from(model: "GreyNetwork", path: str | Path) -> None:
    """Load the weights that a training's encoder starts from. The rest of the network keeps its random values.

    Parameters
    ----------
    model : models.GreyNetwork
    path : path
        State of the encoder, or of a network that it is part of. Names are torchvision's, or timm's for timm's
        encoders (`tu-`). The last layers (classes of ImageNet, a decoder) are left out. If the network takes one grey
        channel, weights for colour images are added up over the colours; those of the Sun's direction become 0.

    Raises
    ------
    InputError
        See `weight_files.read_state`, `check_start` and `load_state`.
    """
    own = model.encoder.state_dict()
    content = read_state(path)
    check_start(content["settings"], model.scaling, path)
    state = network_state(content["state_dict"], [[name for name in own if not name.endswith(_COUNTER)]], path)
    first = _first(own)
    if content["settings"] is None and model.channels == 1 and _channels(state, first) == _COLOURS:
        state[first] = state[first].sum(1, keepdim=True)
    _without_sun(state, own, model.sun_channels)
    load_state(model.encoder, state, path, "give weights of the same encoder")


def _first(own):
    """Return the name of the convolution that takes the image."""
    return next(name for name, value in own.items() if value.ndim == 4)


def _channels(state, name):
    """Return the number of input channels of a convolution; None if the state does not have it."""
    return state[name].shape[1] if name in state and state[name].ndim == 4 else None


def _without_sun(state, own, sun_channels):
    """Add zeros for the Sun's direction to the weights of a network that does not take it."""
    first = _first(own)
    channels = _channels(state, first)
    if channels and own[first].shape[1] - channels == sun_channels > 0:
        state[first] = torch.nn.functional.pad(state[first], (0, 0, 0, 0, 0, sun_channels))


def _prefix(state, signatures, path):
    """Return the prefix of the network to use: one that has all names of a signature, or else the most names.

    See `network_state`.
    """
    known = {name for names in signatures for name in names}
    found = Counter(prefix for name in state for prefix in _prefixes(name, known))
    complete = [
        prefix for prefix in found if any(all(f"{prefix}{name}" in state for name in names) for names in signatures)
    ]
    if not complete:
        return max(found, key=found.get, default="")
    return complete[0] if len(complete) == 1 else _usual(complete, path)


def _prefixes(name, known):
    """Return the prefixes before each known name that a name ends with, with their last dot."""
    parts = name.split(".")
    return [".".join([*parts[:n], ""]) for n in range(len(parts)) if ".".join(parts[n:]) in known]


def _usual(prefixes, path):
    """Return the most usual of several prefixes, compared at the first part in which they differ."""
    rest, depth = prefixes, 0
    while len(rest) > 1:
        keys = [prefix.split(".")[depth] for prefix in rest]
        key = keys[0] if len(set(keys)) == 1 else next((key for key in _USUAL if key in keys), None)
        if key is None:
            found = f"holds several networks: {_listed([prefix.removesuffix('.') for prefix in rest])}"
            raise InputError(path, found, "save the state of one network alone")
        rest = [prefix for prefix, own in zip(rest, keys, strict=True) if own == key]
        depth += 1
    others = [prefix.removesuffix(".") for prefix in prefixes if prefix != rest[0]]
    taken = rest[0].removesuffix(".") or "the one without a prefix"
    logger.info("%s: of several networks took %s, left out %s", path, taken, _listed(others))
    return rest[0]


def _branch(name, prefix):
    """A name up to where it leaves a prefix."""
    parts = name.split(".")
    shared = os.path.commonprefix([parts, prefix.split(".")])
    return ".".join(parts[: len(shared) + 1])


def _listed(names):
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
