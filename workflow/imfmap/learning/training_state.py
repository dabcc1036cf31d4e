"""The saved state of a training, from which it goes on after it was killed."""

import json
import logging
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch

from ..core.checksums import new_sha256, sha256
from ..core.files import replacing
from .weight_files import check_sums

FOLDER = ".resume"
NAME = "state.pt"

logger = logging.getLogger(__name__)


def fingerprint(settings: Mapping[str, Any], paths: Iterable[str | Path]) -> str:
    """Return the digest of settings (plain values) and of the contents of files."""
    digest = new_sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for path in paths:
        digest.update(bytes.fromhex(sha256(path)))
    return digest.hexdigest()


class TrainingState:
    """The state of a training, in a folder of its own.

    The folder lies beside the checkpoint. It is no output of the rule, because Snakemake deletes the outputs of a job
    that fails. Every file is written under another name first, so that a kill at any moment leaves a whole state.

    Parameters
    ----------
    folder : path
    key : str
        `fingerprint` of everything that decides the course of the training.
    """

    def __init__(self, folder: str | Path, key: str):
        self.folder, self.key = Path(folder), key
        self.aside = self.folder.with_name(f"{self.folder.name}.old")

    def settle(self) -> None:
        """Set the state of another training aside, and bring back a state of this training that was set aside."""
        if self.load() is not None:
            return
        there, known = (self.folder / NAME).exists(), self._read(self.aside) is not None
        leaving = self.folder.with_name(f"{self.folder.name}.leaving")
        shutil.rmtree(leaving, ignore_errors=True)
        if there:
            self.folder.rename(leaving)
        if known:
            self.clear()
            self.aside.rename(self.folder)
            logger.info("%s belongs to this training: the training continues from it", self.aside)
        if there:
            shutil.rmtree(self.aside, ignore_errors=True)
            leaving.rename(self.aside)
            logger.warning("%s belongs to other settings, tiles or software: it is kept as %s", self.folder, self.aside)

    def load(self) -> dict[str, Any] | None:
        """Return what `save` was last given, on the CPU; None if there is no state of the same training."""
        return self._read(self.folder)

    def _read(self, folder):
        try:
            check_sums(folder / NAME)
            state = torch.load(folder / NAME, map_location="cpu", weights_only=True)
            fits = state["key"] == self.key and _best_path(folder, state["best_epoch"]).exists()
        except Exception:  # the reader raises all kinds of errors on bytes that changed
            return None
        return state if fits else None

    def best_path(self, epoch: int) -> Path:
        """Return the path of an epoch's checkpoint while it is the best."""
        return _best_path(self.folder, epoch)

    def save(self, state: Mapping[str, Any], best_epoch: int) -> None:
        """Save a state (tensors and plain values). Its best checkpoint lies at `best_path` already."""
        with replacing(self.folder / NAME) as temporary, open(temporary, "wb") as file:
            torch.save({**state, "key": self.key, "best_epoch": best_epoch}, file)
        for path in self.folder.glob("best_*.pt*"):
            if not path.name.startswith(self.best_path(best_epoch).name):
                path.unlink()

    def clear(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _best_path(folder, epoch):
    return folder / f"best_{epoch}.pt"
