"""One training on several GPUs of a machine (or, to try it out, several processes on the CPU)."""

import tempfile
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.multiprocessing import spawn
from torch.nn.parallel import DistributedDataParallel

from ..core.errors import InputError

# Seconds that a process which fell over has to say why.
_LAST_WORDS_S = 60.0


@dataclass(frozen=True)
class Ranks:
    """The processes that train together.

    Attributes
    ----------
    rank : int
        Number of this one; the first writes all files.
    count : int
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self):
        """bool: whether this is the process that writes."""
        return self.rank == 0

    def device(self, kind):
        """torch.device: that of this process; of several GPUs each has its own."""
        return torch.device(kind, self.rank) if kind == "cuda" and self.count > 1 else torch.device(kind)

    def share(self, network, device, unused=False):
        """Network whose gradients are averaged over the processes, batch normalisation (on GPUs) over all of a batch.

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

    def agree(self, network):
        """Give every process the first one's statistics of batch normalisation: those that are saved."""
        if self.count > 1:
            for buffer in network.buffers():
                distributed.broadcast(buffer, src=0)

    def sum(self, tensor):
        """Sum of a tensor over the processes, in each of them."""
        if self.count > 1:
            distributed.all_reduce(tensor)
        return tensor


def device_count(devices, kind):
    """How many devices a setting asks for.

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


def run_on(count, kind, function, *arguments):
    """Run a function in `count` processes at once, this one among them.

    Parameters
    ----------
    count : int
    kind : str
        "cpu" or "cuda".
    function : callable
        Of a module, called with this process's `Ranks` and the arguments, which must pickle. A program that starts
        more than one process must guard its own start by ``if __name__ == "__main__"``: the others import it.

    Returns
    -------
    object
        What the function returns here.
    """
    if count == 1:
        return function(Ranks(), *arguments)
    with tempfile.TemporaryDirectory() as folder:
        group = {"backend": "nccl" if kind == "cuda" else "gloo", "world_size": count}
        group["init_method"] = f"file://{folder}/meeting"
        others = spawn(_follow, (group, function, arguments), nprocs=count - 1, join=False)
        try:
            result = _take_part(0, group, function, arguments)
            others.join()
            return result
        except InputError:
            raise  # the others found the same
        except Exception:
            others.join(timeout=_LAST_WORDS_S)  # raises what another fell over, if one did
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
