"""The state of a training, kept so that after a kill it goes on as if nothing had happened."""

import hashlib
import json
import logging
import pickle
import shutil
from pathlib import Path

import torch

from .rasters import replacing

FOLDER = ".resume"

logger = logging.getLogger(__name__)


def fingerprint(settings, paths):
    """str: digest of settings (plain values) and the contents of files."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for path in paths:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


class TrainingState:
    """State of a training in a folder of its own.

    It lies beside the checkpoint but is no output of the rule, since Snakemake deletes those of a job that fails.
    Everything is written under another name first, so that a kill at any moment leaves a whole state.

    Parameters
    ----------
    folder : path
    key : str
        `fingerprint` of all that decides the training's course.
    """

    def __init__(self, folder, key):
        self.folder, self.key = Path(folder), key

    def load(self):
        """What `save` was last given, on the CPU, or None where there is none of the same training."""
        path = self.folder / "state.pt"
        if not path.exists():
            return None
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError):
            state = {}
        if state.get("key") != self.key or not self.best_path(state["best_epoch"]).exists():
            logger.info("%s is of another training: this one starts anew", path)
            self.clear()
            return None
        return state

    def best_path(self, epoch):
        """Path: where the checkpoint of an epoch is kept while it is the best."""
        return self.folder / f"best_{epoch}.pt"

    def save(self, state, best_epoch):
        """Keep a state (tensors and plain values), whose best checkpoint is at `best_path` already."""
        with replacing(self.folder / "state.pt") as temporary, open(temporary, "wb") as file:
            torch.save({**state, "key": self.key, "best_epoch": best_epoch}, file)
        for path in self.folder.glob("best_*.pt"):
            if path != self.best_path(best_epoch):
                path.unlink()

    def clear(self):
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
