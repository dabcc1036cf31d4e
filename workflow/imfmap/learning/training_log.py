"""The curve of a training, written after every epoch: a CSV table and TensorBoard's log."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

CSV_NAME = "epochs.csv"


class EpochLog:
    """The log of epochs in a folder. It starts with the epochs that were learnt before.

    Parameters
    ----------
    folder : path
    rows : list of dict
        Epochs so far: `epoch`, and numbers named ``<set>_<score>``, or without a set.
    """

    def __init__(self, folder: Path, rows: Iterable[Mapping[str, float]] = ()):
        folder.mkdir(parents=True, exist_ok=True)
        for old in (folder / CSV_NAME, *folder.glob("events.out.tfevents.*")):
            old.unlink(missing_ok=True)
        self._path = folder / CSV_NAME
        self._writer = SummaryWriter(folder)
        for row in rows:
            self.add(row)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._writer.close()

    def add(self, row: Mapping[str, float]) -> None:
        """Write one epoch."""
        new = not self._path.exists()
        with open(self._path, "a", newline="") as file:
            table = csv.DictWriter(file, row)
            if new:
                table.writeheader()
            table.writerow(row)
        for name, value in row.items():
            kind, _, score = name.partition("_")
            # One diagram for each score, with a line for each set.
            title = f"{score}/{kind}" if kind in ("train", "validation") else name
            if name != "epoch":
                self._writer.add_scalar(title, value, row["epoch"])
        self._writer.flush()
