"""Names of the networks, and the settings that each takes. Nothing is built here: a configuration is checked fast."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import InputError

# Networks of torchvision. Le Corre et al. (2025) use those on ResNets.
DEEPLABS = ("deeplabv3_resnet50", "deeplabv3_resnet101", "deeplabv3_mobilenet_v3_large")
# Networks of segmentation_models_pytorch, built on an encoder of that package.
ENCODER_DECODERS = ("unet", "unetplusplus", "deeplabv3plus", "fpn", "linknet")
# Those of its encoders that have torchvision's ImageNet weights; the first is the default.
IMAGENET_ENCODERS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
# Names with a colon or a slash are addresses to the packages of encoders, which would go there.
_ENCODER_NAME = re.compile(r"[A-Za-z0-9_.-]+")
ARCHITECTURES = (*DEEPLABS, *ENCODER_DECODERS)
OUTPUT_STRIDES = {**dict.fromkeys(DEEPLABS, (4, 8, 16, 32)), "deeplabv3plus": (8, 16)}
# Batch normalisation cannot learn from one tile.
LEAST_TILES = 2
_WITH_DECODER_CHANNELS = ("unet", "unetplusplus")
# What to do if a model cannot search a mosaic.
_SEARCH = "search the images, or use a model of recipe paper without sun_input"


def check_architecture(settings: Mapping[str, Any]) -> None:
    """Refuse settings that a network does not take.

    Parameters
    ----------
    settings : mapping
        See `models.build_model`.

    Raises
    ------
    InputError
        Naming the key.
    """
    name, output_stride = settings["architecture"], settings.get("output_stride")
    if name not in ARCHITECTURES:
        raise InputError("architecture", f"unknown '{name}'", f"use one of {', '.join(ARCHITECTURES)}")
    if settings.get("encoder") and name in DEEPLABS:
        raise InputError("encoder", f"{name} has its own", "leave the key out")
    if not _ENCODER_NAME.fullmatch(settings.get("encoder") or IMAGENET_ENCODERS[0]):
        found = f"'{settings['encoder']}' is no name of an encoder alone, it leads to a server or a folder"
        raise InputError("encoder", found, f"use {', '.join(IMAGENET_ENCODERS)}, or another name of that package")
    if settings.get("decoder_channels") and name not in _WITH_DECODER_CHANNELS:
        raise InputError("decoder_channels", f"{name} takes none", "leave the key out")
    strides = OUTPUT_STRIDES.get(name, ())
    if output_stride and output_stride not in strides:
        use = f"use one of {', '.join(map(str, strides))}" if strides else "leave the key out"
        raise InputError("output_stride", f"{name} takes no {output_stride}", use)
    if settings.get("weights") == "coco" and name not in DEEPLABS:
        raise InputError("weights", f"there are no COCO weights of {name}", f"use {', '.join(DEEPLABS)}, or null")
    encoder = settings.get("encoder") or IMAGENET_ENCODERS[0]
    if settings.get("encoder_weights") == "imagenet" and (name in DEEPLABS or encoder not in IMAGENET_ENCODERS):
        found = f"ImageNet's for {name if name in DEEPLABS else encoder} cannot be fetched"
        use = "weights: coco" if name in DEEPLABS else f"encoder {', '.join(IMAGENET_ENCODERS)}"
        raise InputError("encoder_weights", found, f"use {use}, or give a file")
    if settings.get("weights") and settings.get("encoder_weights"):
        raise InputError("encoder_weights", "weights hold an encoder already", "leave one of the two out")


def check_batch_size(batch_size: int, devices: int = 1) -> None:
    """Refuse a batch that gives a device fewer than `LEAST_TILES` tiles to learn from.

    Parameters
    ----------
    batch_size, devices : int

    Raises
    ------
    InputError
    """
    if batch_size < LEAST_TILES * devices:
        found = f"{batch_size} for {devices} device{'s' * (devices > 1)}"
        raise InputError("batch_size", found, "give each at least two tiles")


def check_mosaic_model(recipe: str, sun_input: bool, where: str | Path) -> None:
    """Refuse a model that cannot search a mosaic, whose images were taken under different Suns.

    Parameters
    ----------
    recipe : str
        Recipe of the tiles that it was trained on.
    sun_input : bool
        Whether it is given the Sun's direction.
    where : str or path
        Key or checkpoint of the model, for the message.

    Raises
    ------
    InputError
    """
    if recipe != "paper":
        raise InputError(
            where, f"was trained for recipe {recipe}, and a mosaic has no single direction of the Sun", _SEARCH
        )
    if sun_input:
        raise InputError(where, "takes the Sun's direction, and a mosaic has no single one", _SEARCH)
