"""The number format in which a network computes, and its compilation."""

import copy
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from ..core.choices import PRECISIONS
from ..core.errors import InputError

logger = logging.getLogger(__name__)


def choose_dtype(name: str, device: torch.device, where: str) -> torch.dtype:
    """Return the number format that a setting stands for.

    Parameters
    ----------
    name : str
        One of `choices.PRECISIONS`; "auto" is bfloat16 on a GPU that computes with it, else float32. Processors
        without instructions for bfloat16 imitate it, which is hundreds of times slower.
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


def autocast_to(device: torch.device, dtype: torch.dtype) -> AbstractContextManager:
    """Return a context in which a network computes in a number format. Its weights stay float32."""
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)


def compile_model(network: nn.Module, trial: Callable[[nn.Module], Any]) -> nn.Module:
    """Compile a network. If that fails, return it as it is.

    Parameters
    ----------
    network : nn.Module
    trial : callable
        Called with the compiled network, once in training and once in evaluation mode. The network's state is restored
        afterwards.

    Returns
    -------
    nn.Module
    """
    state = copy.deepcopy(network.state_dict())
    try:
        result = torch.compile(network)
        for training in (True, False):
            trial(result.train(training))
    except Exception as error:  # the compiler's tools raise all kinds of errors
        reason = str(error).strip().splitlines()
        logger.warning("torch.compile cannot be used here: %s", reason[0] if reason else type(error).__name__)
        torch.compiler.reset()
        result = network
    network.load_state_dict(state)
    network.zero_grad(set_to_none=True)
    return result
