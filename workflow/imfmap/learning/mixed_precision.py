"""Number formats of a network's arithmetic, and its compilation."""

import copy
import logging
from contextlib import nullcontext

import torch

from ..core.choices import PRECISIONS
from ..core.errors import InputError

logger = logging.getLogger(__name__)


def choose_dtype(name, device, where):
    """Number format that a setting stands for.

    Parameters
    ----------
    name : str
        One of `choices.PRECISIONS`; "auto" is bfloat16 on a GPU that computes with it, else float32: processors without
        instructions for it imitate it, hundreds of times slower.
    device : torch.device
    where : str
        Key of the setting, for the message.

    Returns
    -------
    torch.dtype

    Raises
    ------
    InputError
        For an unknown name, or float16 without a GPU.
    """
    if name not in PRECISIONS:
        raise InputError(where, f"unknown '{name}'", f"use one of {', '.join(PRECISIONS)}")
    if name == "auto":
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if fast else torch.float32
    if name == "float16" and device.type != "cuda":
        raise InputError(where, "float16 needs a GPU", "use auto")
    return getattr(torch, name)


def autocast_to(device, dtype):
    """Context in which a network computes in a format; weights stay float32."""
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)


def compile_model(network, trial):
    """Compile a network, or leave it as it is where that cannot be done.

    Parameters
    ----------
    network : nn.Module
    trial : callable
        Called with the compiled network, in training and in evaluation; the network's state is put back to what it
        was.

    Returns
    -------
    nn.Module
    """
    state = copy.deepcopy(network.state_dict())
    try:
        result = torch.compile(network)
        for training in (True, False):
            trial(result.train(training))
    except Exception as error:  # whatever the compiler's chain of tools falls over
        reason = str(error).strip().splitlines()
        logger.warning("torch.compile cannot be used here: %s", reason[0] if reason else type(error).__name__)
        torch.compiler.reset()
        result = network
    network.load_state_dict(state)
    network.zero_grad(set_to_none=True)
    return result
