"""Weights from files: read without running anything that is in them, and fitted to a network."""

import logging
import os.path
import re
from collections import Counter

import torch

from ..core.choices import OLD_RECIPES, SCALING
from ..core.errors import InputError
from .deeplab import LAST_LAYER

# Every checkpoint of this workflow has these settings. Settings without one of them come from another program.
OWN_SETTINGS = ("architecture", "recipe", "tile_size_px", "resolution_m", "threshold")
# What stands before the names of the network to use where a file holds several, the most usual first: "" is nothing.
_USUAL = ("", "state_dict", "model_state_dict", "model", "network", "net", "student", "module")
# Batches that a normalisation has seen, which only one without momentum uses (no network here): old files lack it.
_COUNTER = ".num_batches_tracked"
_COLOURS = 3
_NAMED = 3


class _StandIn:
    """Stands for a harmless value beside the weights. It takes whatever the value was made from, and keeps nothing."""

    def __new__(cls, *_):
        return super().__new__(cls)

    def __init__(self, *_):
        pass

    def __setstate__(self, _):
        pass


def _empty_dict(*_):
    return {}


def _empty_list(*_):
    return []


# What people keep beside weights: settings, scores, dates, paths. PyTorch's reader knows only the names that it is
# given, and refuses all others, so that a file cannot call what it likes. It is given the names below, but not what
# they stand for: each leads to a stand-in, because no one needs these values, and because not all the real ones are
# harmless (NumPy's take types and bytes of the file's choice).
_HARMLESS = {
    "numpy": "ndarray dtype bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64",
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy._core.multiarray": "_reconstruct scalar",
    "argparse": "Namespace",
    "types": "SimpleNamespace",
    "pathlib": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    "pathlib._local": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
    "datetime": "datetime date time timedelta timezone",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "uuid": "UUID",
    "builtins": "bool int float str bytes list dict tuple set frozenset object range slice",
}
_STAND_INS = [
    *((_StandIn, f"{module}.{name}") for module, names in _HARMLESS.items() for name in names.split()),
    # The reader fills these with what lies in them, weights included.
    (_empty_dict, "collections.defaultdict"),
    (_empty_list, "collections.deque"),
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
        `state_dict`: every tensor, its name led by the keys of the dictionaries that it lies in; `settings` and
        `training`, None but for a checkpoint of this workflow.

    Raises
    ------
    InputError
        Where the file cannot be read, holds more than weights and plain values, or no state.
    """
    try:
        with torch.serialization.safe_globals(_STAND_INS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "give the path of a checkpoint") from None
    except Exception as error:  # bytes that are no checkpoint make the reader fall over anything
        raise InputError(path, *_refusal(error)) from None
    state = _tensors_in(content) if isinstance(content, dict) else {}
    if not state:
        raise InputError(path, "holds no state dictionary", "give a checkpoint, or a network's state_dict()")
    settings, training = (_without_stand_ins(content.get(key)) for key in ("settings", "training"))
    if not isinstance(settings, dict) or not set(OWN_SETTINGS) <= set(settings):
        return {"state_dict": state, "settings": None, "training": None}
    recipe = OLD_RECIPES.get(settings["recipe"], settings["recipe"])
    return {"state_dict": state, "settings": {**settings, "recipe": recipe}, "training": training}


def network_state(state, signatures, path):
    """A state's weights of one network, under the names that it has for them.

    Parameters
    ----------
    state : dict
        Of `read_state`: with any prefix (DataParallel's, Lightning's, a wrapper's, a dictionary's), and others beside
        it (an auxiliary head, a loss with weights, an optimiser), which are left out.
    signatures : sequence of collection of str
        For each network that it may be, names that it has. They tell the prefix; parts of a state that none of them
        begins with are left out.
    path : path
        The state's file, for messages.

    Returns
    -------
    dict
        In a DeepLabV3, two classes (background, fracture) are made one: the logit of the fracture in a softmax is the
        difference of the two.

    Raises
    ------
    InputError
        Where several networks have all names of a signature and none of them is under a usual prefix.
    """
    prefix = _prefix(state, signatures, path)
    parts = {name.split(".")[0] for names in signatures for name in names}
    found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    found = {name: value for name, value in found.items() if name.split(".")[0] in parts}
    taken = {f"{prefix}{name}" for name in found}
    left_out = list(dict.fromkeys(_branch(name, prefix) for name in state if name not in taken))
    if left_out:
        logger.info("%s: left out what is not the network's: %s", path, _listed(left_out))
    for key in (f"{LAST_LAYER}.weight", f"{LAST_LAYER}.bias"):
        if key in found and found[key].shape[:1] == (2,):
            found[key] = found[key][1:] - found[key][:1]
    return found


def load_state(network, state, path, remedy="use the architecture that it was trained with"):
    """Load a state that has a network's weights (see `network_state`).

    Counters of batches that the state lacks stay the network's own. `remedy` says what to do about a state that does
    not fit.

    Raises
    ------
    InputError
        Naming the first entries that are missing, left over or of another shape, or that hold no finite numbers.
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


def check_start(settings, scaling, path):
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


def start_from(model, path):
    """Load the weights that a training starts from.

    A DeepLabV3 of other classes (that of COCO has 21) gives all but its last layer, which stays as drawn. To a network
    that is given the Sun's direction, weights of one that is not say nothing of it: its weights there become 0.

    Raises
    ------
    InputError
        See `read_state`, `check_start` and `load_state`.
    """
    own = model.network.state_dict()
    names = [name for name in own if not name.endswith(_COUNTER)]
    content = read_state(path)
    check_start(content["settings"], model.scaling, path)
    state = network_state(content["state_dict"], [names], path)
    last = [name for name in own if name.startswith(f"{LAST_LAYER}.")]
    if any(name in state and state[name].shape != own[name].shape for name in last):
        logger.info("%s has other classes: the last layer starts as drawn", path)
        state |= {name: own[name] for name in last}
    _without_sun(state, own, model.sun_channels)
    load_state(model.network, state, path)


def start_encoder_from(model, path):
    """Load the weights that a training's encoder starts from; the rest of the network stays as drawn.

    Parameters
    ----------
    model : models.GreyNetwork
    path : path
        State of the encoder, or of a network that it is part of: under torchvision's names, or under timm's for
        encoders that are (`tu-`). What it was trained for (classes of ImageNet, a decoder) is left out. Weights for
        colour images are added up over the colours where the network is given the grey alone, which are equal in it;
        those of the Sun's direction become 0.

    Raises
    ------
    InputError
        See `read_state`, `check_start` and `load_state`.
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
    """Name of the convolution that takes the image."""
    return next(name for name, value in own.items() if value.ndim == 4)


def _channels(state, name):
    """Input channels of a convolution; None where the state has none of that name."""
    return state[name].shape[1] if name in state and state[name].ndim == 4 else None


def _without_sun(state, own, sun_channels):
    """Extend weights of a network that is not Sun-aware by zeros for the Sun's direction."""
    first = _first(own)
    channels = _channels(state, first)
    if channels and own[first].shape[1] - channels == sun_channels > 0:
        state[first] = torch.nn.functional.pad(state[first], (0, 0, 0, 0, 0, sun_channels))


def _without_stand_ins(value):
    """Dictionary without its entries that are stand-ins, which no checkpoint could be written with."""
    if not isinstance(value, dict):
        return value
    return {name: _without_stand_ins(entry) for name, entry in value.items() if not isinstance(entry, _StandIn)}


def _tensors_in(dictionary, prefix=""):
    """Tensors in a dictionary and those in it, each under the keys that lead to it, joined by dots."""
    found = {}
    for key, value in dictionary.items():
        if isinstance(value, dict):
            found |= _tensors_in(value, f"{prefix}{key}.")
        elif isinstance(value, torch.Tensor):
            found[f"{prefix}{key}"] = value
    return found


def _prefix(state, signatures, path):
    """What stands before the names of the network that is meant: one with all names of a signature, or else the most.

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
    """What stands before a known name at the end of a name: with its last dot, or nothing."""
    parts = name.split(".")
    return [".".join([*parts[:n], ""]) for n in range(len(parts)) if ".".join(parts[n:]) in known]


def _usual(prefixes, path):
    """The most usual of several prefixes, compared where they part."""
    rest, depth = prefixes, 0
    while len(rest) > 1:
        keys = [prefix.split(".")[depth] for prefix in rest]
        key = keys[0] if len(set(keys)) == 1 else next((key for key in _USUAL if key in keys), None)
        if key is None:
            found = f"holds several networks: {_listed([prefix.removesuffix('.') for prefix in rest])}"
            raise InputError(path, found, "save the state of the one wanted alone")
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
