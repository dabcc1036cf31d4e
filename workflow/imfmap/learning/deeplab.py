"""torchvision's DeepLabV3, if wanted with another output stride or another number of input channels."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from torch import Tensor, nn
from torchvision.models import segmentation

from ..core.errors import InputError

INPUT_CHANNELS = 3
LAST_LAYER = "classifier.4"
# A weight that only this backbone, or a deeper one, has; the deepest first.
_MARKS = {
    "deeplabv3_resnet101": "backbone.layer3.22.conv1.weight",
    "deeplabv3_resnet50": "backbone.layer3.5.conv1.weight",
    "deeplabv3_mobilenet_v3_large": "backbone.0.0.weight",
}
# The pyramid of dilated convolutions, which torchvision's FCN lacks, and the last layer.
_HEAD = ("classifier.0.convs.0.0.weight", f"{LAST_LAYER}.weight")
# For each of them, names that show it, for `weights.network_state`.
SIGNATURES = [(mark, *_HEAD) for mark in _MARKS.values()]
# What to do about a state of another network, or of a changed one.
REMEDY = (
    "give a DeepLabV3 with torchvision's layers and names; a network of another `architecture` can be trained from, as"
    " its `weights`"
)
# How alike a name must be to a missing one to be shown with it, and how many are shown if none is.
_LIKENESS, _NAMED = 0.7, 3


def build_deeplab(name: str, output_stride: int | None = None, channels: int = INPUT_CHANNELS) -> nn.Module:
    """Build a DeepLabV3 with one class and without an auxiliary head.

    Parameters
    ----------
    name : str
        One of `architectures.DEEPLABS`.
    output_stride : int, optional
        Pixels of the image per pixel of the deepest features, one of `architectures.OUTPUT_STRIDES`. Where the
        backbone would reduce further, its convolutions are dilated instead. By default torchvision's own: 8 for the
        ResNets, 16 for MobileNetV3. No weight depends on it.
    channels : int
        Channels of the input.

    Returns
    -------
    nn.Module
        Takes (B, channels, S, S); returns a dict with logits (B, 1, S, S) as `out`.
    """
    network = getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=1, aux_loss=False)
    if output_stride is not None:
        _set_output_stride(network.backbone, output_stride)
    if channels != INPUT_CHANNELS:
        _set_channels(network.backbone, channels)
    return network


def architecture_of(state: Mapping[str, Tensor], path: str | Path) -> str:
    """Return which of torchvision's DeepLabV3 a state belongs to, by the depth of its backbone.

    Raises
    ------
    InputError
        For a state of another network, naming what is missing and the most similar names that it has.
    """
    name = next((name for name, mark in _MARKS.items() if mark in state), None)
    head = [part for part in _HEAD if part not in state]
    if name and not head:
        return name
    marks = [] if name else [_MARKS["deeplabv3_resnet50"], _MARKS["deeplabv3_mobilenet_v3_large"]]
    missing = ", ".join([" or ".join(marks), *head] if marks else head)
    near = [found for part in (*marks, *head) for found in get_close_matches(part, state, 1, _LIKENESS)]
    has = ", ".join(dict.fromkeys(near or [*state][:_NAMED]))
    raise InputError(path, f"is no torchvision DeepLabV3: no {missing} (it has {has})", REMEDY)


def _set_output_stride(backbone, output_stride):
    """Reduce up to a stride and no further; later convolutions are dilated so that they reach as far as before."""
    total = dilation = 1
    for unit, stride in _units(backbone):
        kept = stride if total * stride <= output_stride else 1
        for name, convolution in unit.named_modules():
            if not isinstance(convolution, nn.Conv2d):
                continue
            size = convolution.kernel_size[0]
            if size > 1:
                convolution.dilation = (dilation, dilation)
                convolution.padding = (dilation * (size // 2),) * 2
            if size > 1 or name.startswith("downsample"):
                convolution.stride = (kept, kept)
        total, dilation = total * kept, dilation * (stride // kept)


def _units(backbone):
    """Yield the parts of a backbone, each with at most one convolution larger than a pixel, and their strides."""
    for name, child in backbone.items():
        if name.startswith("layer"):
            for number, block in enumerate(child):
                yield block, 2 if number == 0 and name != "layer1" else 1
        else:
            reduces = name in ("conv1", "maxpool", "0") or getattr(child, "_is_cn", False)
            yield child, 2 if reduces else 1


def _set_channels(backbone, channels):
    """Replace the first convolution by one with another number of input channels and new random weights."""
    path, first = next((path, child) for path, child in backbone.named_modules() if isinstance(child, nn.Conv2d))
    convolution = nn.Conv2d(
        channels,
        first.out_channels,
        first.kernel_size,
        stride=first.stride,
        padding=first.padding,
        bias=first.bias is not None,
    )
    nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
    backbone.set_submodule(path, convolution)
