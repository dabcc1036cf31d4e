"""A calibrated checkpoint is a new file with the same weights."""

import pytest
import torch

from imfmap.core.errors import InputError
from imfmap.learning.calibrated_checkpoint import write_calibrated
from imfmap.learning.models import adopt_checkpoint, build_model, load_checkpoint, save_checkpoint
from tests.helpers.calibrated_places import powers

SMALL = {"architecture": "unet", "encoder": "resnet18", "decoder_channels": [16, 8, 8]}
USE = {"recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
CALIBRATED = {"calibration": powers(2).as_dict(), "threshold": 0.31, "completeness": None}


@pytest.fixture
def checkpoint(tmp_path):
    save_checkpoint(tmp_path / "a.pt", build_model(SMALL), SMALL | USE, {"epoch": 3})
    return tmp_path / "a.pt"


def test_weights_and_all_else_are_as_they_were(checkpoint, tmp_path):
    before = checkpoint.read_bytes()
    write_calibrated(checkpoint, tmp_path / "b.pt", CALIBRATED)
    assert checkpoint.read_bytes() == before
    old, new = (torch.load(path, weights_only=True) for path in (checkpoint, tmp_path / "b.pt"))
    assert new["settings"] == old["settings"] | CALIBRATED and new["training"] == {"epoch": 3}
    assert all(torch.equal(value, new["state_dict"][name]) for name, value in old["state_dict"].items())


def test_a_run_that_takes_it_keeps_its_calibration(checkpoint, tmp_path):
    write_calibrated(checkpoint, tmp_path / "b.pt", CALIBRATED)
    adopt_checkpoint(tmp_path / "b.pt", tmp_path / "c.pt")
    settings = load_checkpoint(tmp_path / "c.pt")[1]
    assert {key: settings[key] for key in CALIBRATED} == CALIBRATED


@pytest.mark.parametrize("name", ["a.pt", "../{folder}/a.pt"])
def test_a_checkpoint_is_never_changed_in_place(checkpoint, tmp_path, name):
    before = checkpoint.read_bytes()
    with pytest.raises(InputError, match="give the calibrated one another name"):
        write_calibrated(checkpoint, tmp_path / name.format(folder=tmp_path.name), CALIBRATED)
    assert checkpoint.read_bytes() == before
