"""Networks by name, their input, and their checkpoints.

Every network takes float (B, 1, S, S) in 0..1, as `network_input` makes it, and gives logits (B, 1, S, S).
"""

import pickle
from urllib.error import URLError

import numpy as np
import segmentation_models_pytorch as smp
import torch
from torch import nn
from torchvision.models import segmentation

from .errors import InputError
from .rasters import replacing

# Le Corre et al. (2025) use torchvision's DeepLabV3.
DEEPLABV3 = {
    "deeplabv3_resnet50": segmentation.DeepLabV3_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1,
    "deeplabv3_resnet101": segmentation.DeepLabV3_ResNet101_Weights.COCO_WITH_VOC_LABELS_V1,
    "deeplabv3_mobilenet_v3_large": segmentation.DeepLabV3_MobileNet_V3_Large_Weights.COCO_WITH_VOC_LABELS_V1,
}
# Networks of segmentation_models_pytorch, built on an encoder of that package.
ENCODER_DECODERS = ("unet", "unetplusplus", "deeplabv3plus")
ARCHITECTURES = (*DEEPLABV3, *ENCODER_DECODERS)
# Channel means and deviations that torchvision's weights were trained with.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_LAST_LAYER = "classifier.4"
_WRAPPERS = ("state_dict", "model_state_dict", "model")
_PAPER_USE = {"recipe": "paper", "tile_size_px": 512, "resolution_m": 1.5, "threshold": 0.5}
_NAMED_KEYS = 3


class GreyNetwork(nn.Module):
    """A network behind one grey input channel: input normalised, output its logits alone.

    Parameters
    ----------
    network : nn.Module
        Takes (B, `channels`, S, S); gives logits (B, 1, S, S), or a dict that holds them as `out`.
    channels : int
        3 where the network wants colour (the grey channel is repeated), else 1.
    """

    def __init__(self, network, channels):
        super().__init__()
        self.network = network
        mean, deviation = (
            (np.array(_MEAN), np.array(_DEVIATION)) if channels == 3 else (np.mean(_MEAN), np.mean(_DEVIATION))
        )
        for name, value in (("mean", mean), ("deviation", deviation)):
            value = torch.as_tensor(value, dtype=torch.float32).reshape(1, channels, 1, 1)
            self.register_buffer(name, value, persistent=False)

    def forward(self, image):
        output = self.network((image - self.mean) / self.deviation)
        return output["out"] if isinstance(output, dict) else output


def network_input(image):
    """Network input of 8-bit tiles: the one scaling that training and inference share.

    Parameters
    ----------
    image : ndarray or torch.Tensor
        uint8 (S, S) or (B, S, S); 0 where there is no data.

    Returns
    -------
    torch.Tensor
        float32 (1, S, S) or (B, 1, S, S), in 0..1, on the device of `image`.
    """
    return torch.as_tensor(image).unsqueeze(-3).float() / 255.0


def build_model(settings):
    """Build a network.

    Parameters
    ----------
    settings : mapping
        `architecture`, one of `ARCHITECTURES`; for those of segmentation_models_pytorch `encoder` (default
        "resnet18") and `decoder_channels` (for unet and unetplusplus, from the deepest to the finest; as many as the
        encoder is to have stages); `weights`: None, "coco" (DeepLabV3 only, fetched by torchvision), or the path of a
        checkpoint or bare state to start from.

    Returns
    -------
    nn.Module

    Raises
    ------
    InputError
        For an unknown name, or weights that cannot be had or do not fit.
    """
    name, weights = settings["architecture"], settings.get("weights")
    if name in DEEPLABV3:
        builder = getattr(segmentation, name)
        model = GreyNetwork(builder(weights=None, weights_backbone=None, num_classes=1, aux_loss=False), channels=3)
    elif name in ENCODER_DECODERS:
        model = GreyNetwork(_encoder_decoder(name, settings), channels=1)
    else:
        raise InputError("architecture", f"unknown '{name}'", f"use one of {', '.join(ARCHITECTURES)}")
    if weights == "coco":
        _load_coco(model, name)
    elif weights is not None:
        load_state(model, read_state(weights)["state_dict"], weights)
    return model


def choose_device(name, where):
    """Device of a setting "auto", "cpu" or "cuda".

    Parameters
    ----------
    name : str
    where : str
        Key of the setting, for the message.

    Raises
    ------
    InputError
        For cuda where there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError(where, "cuda, but PyTorch sees no GPU here", "use auto or cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def device_name(device):
    """str: what the device calls itself."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu, {torch.get_num_threads()} threads"


def save_checkpoint(path, model, settings, training=None):
    """Write a checkpoint that `torch.load(path, weights_only=True)` can read.

    Parameters
    ----------
    path : path
    model : nn.Module
    settings : mapping
        What is needed to build and use the model: `architecture`, `encoder`, `decoder_channels`, `recipe`,
        `tile_size_px`, `resolution_m`, `threshold`. Plain values only.
    training : mapping, optional
        How the model came about: epoch, scores.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    content = {"state_dict": state, "settings": dict(settings), "training": dict(training or {})}
    # Given a path, torch would write the temporary name into the file.
    with replacing(path) as temporary, open(temporary, "wb") as file:
        torch.save(content, file)


def load_checkpoint(path):
    """Build the model of a checkpoint.

    Returns
    -------
    tuple
        nn.Module in evaluation mode on the CPU, and its settings (dict, see `save_checkpoint`).

    Raises
    ------
    InputError
        Where the file is no checkpoint of this workflow.
    """
    checkpoint = read_state(path)
    settings = checkpoint["settings"]
    if settings is None:
        raise InputError(path, "holds weights without settings", "give it as a model's weights to train from")
    model = build_model({**settings, "weights": None})
    load_state(model, checkpoint["state_dict"], path)
    return model.eval(), settings


def adopt_checkpoint(path, out_path):
    """Take in a checkpoint made elsewhere: one of this workflow as it is, or a torchvision DeepLabV3 state.

    A state without settings is taken for one that was trained as Le Corre et al. (2025) trained theirs: recipe
    `paper`, 512 px tiles at 1.5 m/px, threshold 0.5.

    Parameters
    ----------
    path : path
        See `read_state`.
    out_path : path
        Checkpoint to write.

    Raises
    ------
    InputError
        Where the file holds no weights, or those of no DeepLabV3 that torchvision has.
    """
    checkpoint = read_state(path)
    settings = checkpoint["settings"]
    if settings is None:
        settings = {"architecture": _architecture_of(checkpoint["state_dict"], path)} | _PAPER_USE
    model = build_model({**settings, "weights": None})
    load_state(model, checkpoint["state_dict"], path)
    save_checkpoint(out_path, model, settings, checkpoint["training"])


def read_state(path):
    """Read the weights of a checkpoint; nothing in the file is executed.

    Parameters
    ----------
    path : path
        A checkpoint of this workflow, or the state of a network, bare or in a dictionary, with or without the prefix
        of DataParallel. Of torchvision's DeepLabV3 the auxiliary head is left out, and two classes (background,
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
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(path, f"is no file of weights alone ({reason})", "give a checkpoint of tensors") from None
    notes = content if isinstance(content, dict) else {}
    state = content
    while isinstance(state, dict) and any(key in state for key in _WRAPPERS):
        state = next(state[key] for key in _WRAPPERS if key in state)
    if not (isinstance(state, dict) and state and all(isinstance(value, torch.Tensor) for value in state.values())):
        raise InputError(path, "holds no state dictionary", "give a checkpoint, or a model's state_dict()")
    state = {key.removeprefix("module."): value for key, value in state.items()}
    state = {key: value for key, value in state.items() if not key.startswith("aux_classifier.")}
    for key in (f"{_LAST_LAYER}.weight", f"{_LAST_LAYER}.bias"):
        if key in state and len(state[key]) == 2:
            state[key] = state[key][1:] - state[key][:1]
    return {"state_dict": state, "settings": notes.get("settings"), "training": notes.get("training")}


def load_state(model, state, path):
    """Load a state of the whole model or of its bare network.

    Raises
    ------
    InputError
        Naming the first entries that are missing, left over or of another shape.
    """
    own = model.state_dict()
    if not any(name.startswith("network.") for name in state):
        state = {f"network.{name}": value for name, value in state.items()}
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


def _encoder_decoder(name, settings):
    """Network of segmentation_models_pytorch with one input channel and one class."""
    options = {"encoder_name": settings.get("encoder") or "resnet18", "encoder_weights": None}
    channels = settings.get("decoder_channels")
    if channels:
        if name == "deeplabv3plus":
            raise InputError("decoder_channels", "deeplabv3plus takes none", "leave the key out")
        options |= {"decoder_channels": list(channels), "encoder_depth": len(channels)}
    try:
        return smp.create_model(name, in_channels=1, classes=1, **options)
    except (KeyError, ValueError, RuntimeError) as error:
        raise InputError("encoder", f"{name} cannot be built on '{options['encoder_name']}' ({error})") from None


def _architecture_of(state, path):
    """Which of torchvision's DeepLabV3 a bare state belongs to, by the depth of its backbone."""
    marks = {
        "deeplabv3_resnet101": "backbone.layer3.22.conv1.weight",
        "deeplabv3_resnet50": "backbone.layer3.5.conv1.weight",
        "deeplabv3_mobilenet_v3_large": "backbone.0.0.weight",
    }
    for name, key in marks.items():
        if key in state and f"{_LAST_LAYER}.weight" in state:
            return name
    raise InputError(path, "is no torchvision DeepLabV3", "give it as a model's weights, with its architecture")


def _load_coco(model, name):
    """Start from torchvision's COCO weights; the last layer, which has other classes, stays as drawn."""
    if name not in DEEPLABV3:
        raise InputError("weights", f"there are no COCO weights of {name}", f"use {', '.join(DEEPLABV3)}, or null")
    try:
        coco = DEEPLABV3[name].get_state_dict(progress=False, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        raise InputError("weights", f"coco cannot be fetched ({error})", "give the path of a file, or null") from None
    own = model.network.state_dict()
    model.network.load_state_dict(
        {key: coco[key] if key in coco and coco[key].shape == own[key].shape else own[key] for key in own}
    )
