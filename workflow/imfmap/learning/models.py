"""Networks by name, their input, and their checkpoints.

Every network takes the float tensor (B, C, S, S) that `network_input` makes: one channel, or three with the Sun's
direction. It returns logits (B, 1, S, S).
"""

import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import segmentation_models_pytorch as smp
import torch
from torch import nn

from ..core.choices import SCALING, SCALINGS
from ..core.errors import InputError
from ..core.processors import processor_name
from ..tiles.sun_frame import LEFT_DEG
from . import deeplab
from .architectures import DEEPLABS, IMAGENET_ENCODERS, check_architecture
from .checkpoint_settings import check_settings
from .weight_files import read_state, replacing_checkpoint
from .weights import load_state, network_state, start_encoder_from, start_from

# Settings that say how a network is built. Its weights do not tell them.
BUILD_KEYS = (
    "architecture",
    "encoder",
    "decoder_channels",
    "output_stride",
    "sun_input",
    "input_scaling",
    "input_channels",
)
# Settings that name the files that a training starts from.
STARTS = ("weights", "encoder_weights")
# Channel means and deviations that torchvision's weights were trained with.
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_SUN_CHANNELS = 2
_OWN_REMEDY = "its settings are of another network: give the checkpoint as its training wrote it"
# What the published network was fed: the 8 bits over 255, and nothing else.
_PUBLISHED_SCALING = "unit"
_PAPER_USE = {"recipe": "paper", "tile_size_px": 512, "resolution_m": 1.5, "threshold": 0.5}

logger = logging.getLogger(__name__)


class GreyNetwork(nn.Module):
    """A network that takes one grey channel, normalises it, and returns its logits alone.

    Parameters
    ----------
    network : nn.Module
        Takes (B, `channels` + `sun_channels`, S, S); returns logits (B, 1, S, S), or a dict that holds them as `out`.
    channels : int
        3 where the network wants colour (the grey channel is repeated), else 1.
    sun_channels : int
        2 where the network is given the Sun's direction, else 0.
    scaling : str
        "imagenet" subtracts torchvision's means of the channels and divides by their deviations; "unit" leaves 0..1.
    """

    def __init__(self, network: nn.Module, channels: int, sun_channels: int = 0, scaling: str = SCALING):
        super().__init__()
        if scaling not in SCALINGS:
            raise InputError("input_scaling", f"unknown '{scaling}'", f"use one of {', '.join(SCALINGS)}")
        self.network = network
        self.channels, self.sun_channels, self.scaling = channels, sun_channels, scaling
        mean, deviation = np.array(_MEAN), np.array(_DEVIATION)
        if scaling == "unit":
            mean, deviation = np.zeros(3), np.ones(3)
        if channels == 1:
            mean, deviation = mean.mean(), deviation.mean()
        for name, value in (("mean", mean), ("deviation", deviation)):
            value = torch.as_tensor(value, dtype=torch.float32).reshape(1, channels, 1, 1)
            self.register_buffer(name, value, persistent=False)

    @property
    def encoder(self) -> nn.Module:
        """The part that sees the image, with the parameter names that published weights of it have."""
        if hasattr(self.network, "backbone"):
            return self.network.backbone
        # Encoders of timm are behind a layer of names.
        return getattr(self.network.encoder, "model", self.network.encoder)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        grey = (image[:, :1] - self.mean) / self.deviation
        output = self.network(torch.cat([grey, image[:, 1:]], 1) if self.sun_channels else grey)
        return output["out"] if isinstance(output, dict) else output


def network_input(image: np.ndarray | torch.Tensor, sun_azimuth_deg: float | None = None) -> torch.Tensor:
    """Return the network's input for tiles. Training and inference share this one scaling.

    Parameters
    ----------
    image : ndarray or torch.Tensor
        (S, S) or (B, S, S), 0 where there is no data: uint8, or float32 that is in 0..1 already.
    sun_azimuth_deg : float, optional
        Direction towards the Sun in the tiles, clockwise from up; for networks that are given it.

    Returns
    -------
    torch.Tensor
        float32 (C, S, S) or (B, C, S, S), on the device of `image`: the image in 0..1 and, with the Sun's direction,
        the cosine and the sine of its azimuth at every pixel.
    """
    if isinstance(image, np.ndarray) and image.dtype == np.uint8:
        # One tile is too little for PyTorch's threads. On a busy machine, their start takes longer than the scaling.
        image = image / np.float32(255.0)
    image = torch.as_tensor(image).unsqueeze(-3)
    image = image if image.is_floating_point() else image.float() / 255.0
    if sun_azimuth_deg is None:
        return image
    angle = math.radians(sun_azimuth_deg)
    constant = [torch.full_like(image, value) for value in (math.cos(angle), math.sin(angle))]
    return torch.cat([image, *constant], -3)


def build_model(settings: Mapping[str, Any]) -> GreyNetwork:
    """Build a network.

    Parameters
    ----------
    settings : mapping
        `architecture`, one of `architectures.ARCHITECTURES`; for `architectures.ENCODER_DECODERS` `encoder` (default
        "resnet18") and `decoder_channels` (for unet and unetplusplus, from the deepest to the finest; as many as the
        encoder is to have stages); `output_stride` (DeepLabV3, see `deeplab.build_deeplab`, and deeplabv3plus: 8 or
        16, its default); `sun_input`: whether it is given the Sun's direction; `input_scaling` and `input_channels`
        (DeepLabV3, see `GreyNetwork`); `weights`: None, or the path of a checkpoint or bare state to start from;
        `encoder_weights`: the same of the encoder alone (see `weights.start_encoder_from`).

    Returns
    -------
    GreyNetwork

    Raises
    ------
    InputError
        For settings that do not fit together (see `architectures.check_architecture`), or weights that do not fit.
    """
    check_architecture(settings)
    name, weights = settings["architecture"], settings.get("weights")
    scaling = settings.get("input_scaling") or SCALING
    sun_channels = _SUN_CHANNELS if settings.get("sun_input") else 0
    if name in DEEPLABS:
        channels = settings.get("input_channels") or deeplab.INPUT_CHANNELS
        network = deeplab.build_deeplab(name, settings.get("output_stride"), channels + sun_channels)
        model = GreyNetwork(network, channels, sun_channels, scaling)
    else:
        model = GreyNetwork(_encoder_decoder(name, settings, 1 + sun_channels), 1, sun_channels, scaling)
    if weights is not None:
        start_from(model, weights)
    if settings.get("encoder_weights"):
        start_encoder_from(model, settings["encoder_weights"])
    return model


def choose_device(name: str, where: str) -> torch.device:
    """Return the device that a setting "auto", "cpu" or "cuda" stands for.

    Parameters
    ----------
    name : str
    where : str
        Key of the setting, for the message.

    Raises
    ------
    InputError
        If it is cuda and there is no GPU.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError(where, "cuda, but PyTorch sees no GPU here", "use auto or cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def device_name(device: torch.device) -> str:
    """Return the name of a device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{processor_name()}, CPU threads: {torch.get_num_threads()}"


def save_checkpoint(
    path: str | Path, model: GreyNetwork, settings: Mapping[str, Any], training: Mapping[str, Any] | None = None
) -> None:
    """Write a checkpoint that `torch.load(path, weights_only=True)` can read, and its digest beside it.

    Parameters
    ----------
    path : path
    model : nn.Module
    settings : mapping
        What is needed to build and use the model: those of `BUILD_KEYS` that it has, `recipe`, `tile_size_px`,
        `resolution_m`, `threshold` (and what `calibrated_checkpoint` adds). Plain values only. The file also says,
        whether or not the settings do, what the model's input is: `input_scaling`, `input_channels` (1 or 3),
        `sun_input`, and `sun_azimuth_deg`, where the Sun is in its tiles (clockwise from up; None for recipe `paper`,
        whose Sun is anywhere).
    training : mapping, optional
        How the model came about: epoch, scores.
    """
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    content = {"state_dict": state, "settings": {**settings, **_input_of(model, settings)}}
    content["training"] = dict(training or {})
    # Given a path, torch would write the temporary name into the file.
    with replacing_checkpoint(path) as temporary, open(temporary, "wb") as file:
        torch.save(content, file)


def load_checkpoint(path: str | Path) -> tuple[GreyNetwork, dict[str, Any]]:
    """Build the model of a checkpoint.

    Returns
    -------
    tuple
        nn.Module in evaluation mode on the CPU, and its settings (dict, see `save_checkpoint`).

    Raises
    ------
    InputError
        If the file is no checkpoint of this workflow, or its model wants an input that this version cannot give.
    """
    checkpoint = read_state(path)
    settings = checkpoint["settings"]
    if settings is None:
        raise InputError(path, "holds weights without settings", "give it as a model's weights to train from")
    _check_input(settings, path)
    try:
        model = build_model({**settings, **dict.fromkeys(STARTS)})
    except InputError as error:
        raise InputError(path, f"has settings of no network ({error})", _OWN_REMEDY) from None
    load_state(model.network, checkpoint["state_dict"], path, _OWN_REMEDY)
    return model.eval(), settings


def adopt_checkpoint(
    path: str | Path, out_path: str | Path, input_scaling: str | None = None, stated: Mapping[str, Any] | None = None
) -> None:
    """Write a checkpoint from a file made elsewhere: a checkpoint of this workflow, or a torchvision DeepLabV3 state.

    If a state has no settings, it counts as trained like that of Le Corre et al. (2025): recipe `paper`, 512 px tiles
    at 1.5 m/px, threshold 0.5. Its weights show whether it takes one channel or three.

    Parameters
    ----------
    path : path
        See `weight_files.read_state`.
    out_path : path
        Checkpoint to write.
    input_scaling : str, optional
        Of a state without settings, see `GreyNetwork`: no weight tells how its input was scaled. By default "unit", as
        the published network was fed, with a warning in the log.
    stated : mapping, optional
        What the configuration says of the model: ``recipe``, ``resolution_m``. Where the file says something else, it
        counts, with a warning in the log: it may be the file of another model.

    Raises
    ------
    InputError
        If the file holds no weights, or not those of a torchvision DeepLabV3 with one or two classes. If the file says
        that its input was scaled in another way.
    """
    checkpoint = read_state(path)
    settings, state = checkpoint["settings"], checkpoint["state_dict"]
    if settings is None:
        # If no part of a DeepLabV3 is found, the error names what the state has instead.
        state = network_state(state, deeplab.SIGNATURES, path) or state
        settings = {"architecture": deeplab.architecture_of(state, path)} | _PAPER_USE
        classes = len(state[f"{deeplab.LAST_LAYER}.weight"])
        if classes != 1:
            raise InputError(path, f"has {classes} classes, not one or two", "give it as `weights` to a model to train")
        backbone = (value for name, value in state.items() if name.startswith("backbone."))
        channels = next(value.shape[1] for value in backbone if value.ndim == 4)
        if channels not in (1, deeplab.INPUT_CHANNELS):
            raise InputError(path, f"takes {channels} channels", "give weights for grey or colour images")
        if channels != deeplab.INPUT_CHANNELS:
            settings["input_channels"] = channels
        if input_scaling is None:
            logger.warning(
                "%s: does not say how its input was scaled; taken as 0..1 (unit), like the published weights; set the"
                " model's input_scaling: unit, or imagenet if it was trained with torchvision's means and deviations",
                path,
            )
        settings["input_scaling"] = input_scaling or _PUBLISHED_SCALING
    else:
        _check_input(settings, path)
        known = settings.get("input_scaling") or SCALING
        if input_scaling not in (None, known):
            raise InputError(
                path, f"was trained with input_scaling {known}", f"leave input_scaling: {input_scaling} out"
            )
    for key, value in (stated or {}).items():
        if value is not None and settings[key] != value:
            logger.warning("%s: has %s %s, not %s: check that it is the right model", path, key, settings[key], value)
    try:
        model = build_model({**settings, **dict.fromkeys(STARTS)})
    except InputError as error:
        raise InputError(path, f"has settings of no network ({error})", _OWN_REMEDY) from None
    load_state(model.network, state, path, deeplab.REMEDY if checkpoint["settings"] is None else _OWN_REMEDY)
    save_checkpoint(out_path, model, settings, checkpoint["training"])


def _input_of(model, settings):
    """What a checkpoint says of its model's input."""
    return {
        "input_scaling": model.scaling,
        "input_channels": model.channels,
        "sun_input": model.sun_channels > 0,
        "sun_azimuth_deg": LEFT_DEG if settings["recipe"] == "sun_aligned" else None,
    }


def _check_input(settings, path):
    """Refuse a checkpoint whose model wants an input that this version cannot give. Old ones say less of it."""
    check_settings(settings, path)
    scaling, channels = settings.get("input_scaling") or SCALING, settings.get("input_channels")
    if scaling not in SCALINGS:
        found = f"was trained with input_scaling '{scaling}'"
        raise InputError(path, found, f"use a model with {' or '.join(SCALINGS)}, or the version that wrote it")
    known = (1, deeplab.INPUT_CHANNELS) if settings["architecture"] in DEEPLABS else (1,)
    if channels is not None and channels not in known:
        found = f"takes {channels} channels, {settings['architecture']} {' or '.join(map(str, known))}"
        raise InputError(path, found, _OWN_REMEDY)
    azimuth_deg = settings.get("sun_azimuth_deg")
    if settings["recipe"] == "sun_aligned" and azimuth_deg not in (None, LEFT_DEG):
        found = f"was trained with the Sun at azimuth {azimuth_deg} in its tiles, which have it at {LEFT_DEG:g} here"
        raise InputError(path, found, "use the version that wrote it, or train the model anew")


def _encoder_decoder(name, settings, channels):
    """Network of segmentation_models_pytorch with one class."""
    options = {"encoder_name": settings.get("encoder") or IMAGENET_ENCODERS[0], "encoder_weights": None}
    decoder_channels, output_stride = settings.get("decoder_channels"), settings.get("output_stride")
    if decoder_channels:
        options |= {"decoder_channels": list(decoder_channels), "encoder_depth": len(decoder_channels)}
    if output_stride:
        options["encoder_output_stride"] = output_stride
    try:
        return smp.create_model(name, in_channels=channels, classes=1, **options)
    except (LookupError, ValueError, TypeError, AssertionError, RuntimeError) as error:
        found = f"{name} cannot be built on '{options['encoder_name']}' ({str(error)[:200]})"
        raise InputError("encoder", found) from None
