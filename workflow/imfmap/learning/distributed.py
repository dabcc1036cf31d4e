"""One training on several GPUs of a machine (or, to try it out, several processes on the CPU)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed, nn
from torch.multiprocessing import spawn
from torch.nn.parallel import DistributedDataParallel

from ..core.errors import InputError
from ..core.temporary import temporary_folder

# Seconds that a process that failed has to say why.
_LAST_WORDS_S = 60.0


@dataclass(frozen=True)
class Ranks:
    """The processes that train together.

    Attributes
    ----------
    rank : int
        Number of this process; the first one writes all files.
    count : int
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def device(self, kind: str) -> torch.device:
        """Return the device of this process. If there are several GPUs, each process has its own."""
        return torch.device(kind, self.rank) if kind == "cuda" and self.count > 1 else torch.device(kind)

    def share(self, network: nn.Module, device: torch.device, unused: bool = False) -> tuple[nn.Module, nn.Module]:
        """Wrap a network so that gradients are averaged over the processes.

        On GPUs, batch normalisation is over the whole batch.

        Parameters
        ----------
        network : nn.Module
            On `device`.
        device : torch.device
        unused : bool
            Whether the network may have weights that it does not use.

        Returns
        -------
        tuple of nn.Module
            The network itself, whose state is saved, and the one to train.
        """
        if self.count == 1:
            return network, network
        if device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
        devices = [device] if device.type == "cuda" else None
        return network, DistributedDataParallel(network, device_ids=devices, find_unused_parameters=unused)

    def agree(self, network: nn.Module) -> None:
        """Copy the first process's statistics of batch normalisation, which are the saved ones, to every process."""
        if self.count > 1:
            for buffer in network.buffers():
                distributed.broadcast(buffer, src=0)

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the sum of a tensor over the processes, in each of them."""
        if self.count > 1:
            distributed.all_reduce(tensor)
        return tensor


def device_count(devices: int | str, kind: str) -> int:
    """Return how many devices a setting asks for.

    Parameters
    ----------
    devices : int or str
        A number, or "auto": all GPUs, or one CPU.
    kind : str
        "cpu" or "cuda".

    Raises
    ------
    InputError
        For more GPUs than there are.
    """
    there = torch.cuda.device_count() if kind == "cuda" else 1
    if devices == "auto":
        return there
    if kind == "cuda" and devices > there:
        raise InputError("training.devices", f"{devices}, but PyTorch sees {there} here", "use auto or fewer")
    return devices


def run_on(count: int, kind: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in `count` processes at once, this one among them.

    Parameters
    ----------
    count : int
    kind : str
        "cpu" or "cuda".
    function : callable
        A function of a module. It is called with the `Ranks` of its process and the arguments, which must pickle. A
        program that starts several processes must have ``if __name__ == "__main__"``, because the others import it.

    Returns
    -------
    object
        What the function returns in this process.
    """
    if count == 1:
        return function(Ranks(), *arguments)
    with temporary_folder() as folder:
        group = {"backend": "nccl" if kind == "cuda" else "gloo", "world_size": count}
        group["init_method"] = f"file://{folder}/meeting"
        others = spawn(_follow, (group, function, arguments), nprocs=count - 1, join=False)
        try:
            result = _take_part(0, group, function, arguments)
            others.join()
            return result
        except InputError:
            raise  # the other processes found the same
        except Exception:
            others.join(timeout=_LAST_WORDS_S)  # raises the error of another process, if there is one
            raise
        finally:
            for process in others.processes:
                if process.is_alive():
                    process.terminate()
                process.join()


def _follow(number, group, function, arguments):
    try:
        _take_part(number + 1, group, function, arguments)
    except InputError as error:
        raise SystemExit(str(error)) from None


def _take_part(rank, group, function, arguments):
    if group["backend"] == "nccl":
        torch.cuda.set_device(rank)
    distributed.init_process_group(**group, rank=rank)
    try:
        return function(Ranks(rank, group["world_size"]), *arguments)
    finally:
        distributed.destroy_process_group()
