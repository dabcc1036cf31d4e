"""Files of weights as people have them: broken, harmful, from elsewhere, wrapped in whatever a program writes."""

import io
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from torchvision.models import segmentation

from imfmap.core.errors import InputError
from imfmap.learning.architectures import ENCODER_DECODERS
from imfmap.learning.models import adopt_checkpoint, build_model, load_checkpoint, save_checkpoint

NAME = "deeplabv3_mobilenet_v3_large"
SMALL = {"architecture": "unet", "encoder": "tu-tf_mobilenetv3_small_minimal_100", "decoder_channels": [16, 8, 8]}
USE = {"recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}


@pytest.fixture(scope="module")
def state():
    """State of a DeepLabV3 for one class, as torchvision builds it."""
    torch.manual_seed(0)
    return segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=1).state_dict()


def saved(path, content):
    torch.save(content, path)
    return path


class Harmful:
    def __reduce__(self):
        return (print, ("this must not run",))


def bytes_of(content):
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (bytes_of({"state_dict": Harmful()}), "holds print, and to read more than tensors .* could run code"),
        (bytes_of(torch.nn.Linear(2, 2)), r"holds torch\.nn\.modules\.linear\.Linear, and to read"),
        (b"nothing", "is no PyTorch file"),
        (b"<!doctype html><html>404</html>", "is no PyTorch file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is no PyTorch file"),
        (b"", "is no PyTorch file"),
        (b"ab\n", "is no PyTorch file"),
        *((np.random.default_rng(seed).bytes(300), "is no PyTorch file") for seed in range(8)),
        (pickle.dumps({"a": 1}), "is no PyTorch file"),
        (bytes_of({"a": torch.ones(1000)})[:2000], "is no PyTorch file, or not the whole of one"),
        (bytes_of([1, 2]), "holds no state dictionary"),
        (bytes_of({"epoch": 3, "state_dict": {}}), "holds no state dictionary"),
    ],
)
def test_a_file_that_is_no_weights_is_said_in_our_own_words(tmp_path, capsys, content, found):
    path = tmp_path / "file.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"file\.pt: {found}") as error:
        adopt_checkpoint(path, tmp_path / "out.pt")
    # Nothing of torch's advice to read it all the same, which would run what is in it.
    assert not {"\n", "\x1b"} & set(str(error.value)) and "weights_only" not in str(error.value)
    assert "must not run" not in capsys.readouterr().out
    assert not (tmp_path / "out.pt").exists()


def test_a_program_is_no_weights(tmp_path):
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        for name in ("constants.pkl", "data.pkl", "version"):
            archive.writestr(f"script/{name}", b"3\n")
    with pytest.raises(InputError, match=r"script\.pt: is a program \(TorchScript\)"):
        load_checkpoint(tmp_path / "script.pt")


def test_what_cannot_be_read(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=r"none\.pt: cannot be read \(No such file"):
        load_checkpoint(tmp_path / "none.pt")
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)"):
        load_checkpoint(tmp_path)

    def denied(*arguments, **options):
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(torch, "load", denied)  # whoever runs the tests may be root
    with pytest.raises(InputError, match=r"a\.pt: cannot be read \(Permission denied\)"):
        load_checkpoint(tmp_path / "a.pt")


@pytest.mark.parametrize(
    "settings",
    [{"lr": 1e-4}, "run 3", None, 5, {"architecture": NAME, "lr": 1e-4}, {"architecture": "unet", "threshold": 0.5}],
)
def test_settings_of_somebody_else_are_none_of_ours(tmp_path, state, settings):
    path = saved(tmp_path / "theirs.pt", {"state_dict": state, "settings": settings, "training": True})
    with pytest.raises(InputError, match="without settings"):
        load_checkpoint(path)
    adopt_checkpoint(path, tmp_path / "out.pt")
    adopted = torch.load(tmp_path / "out.pt", weights_only=True)
    assert adopted["settings"] == {"architecture": NAME} | USE | {"recipe": "paper", "tile_size_px": 512}
    assert adopted["training"] == {}


def under(prefix, state):
    return {f"{prefix}{name}": value for name, value in state.items()}


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda state: {"epoch": 3, "best": 0.7, **state},
        lambda state: under("net.", state),
        lambda state: under("module.model._orig_mod.", state),
        lambda state: {"state_dict": {**under("model.", state), "criterion.pos_weight": torch.ones(1)}},
        lambda state: {**under("model.", state), "model.head.weight": torch.ones(2), "ema.step": torch.ones(1)},
        lambda state: {**under("ema.model.", state), **state},
        lambda state: {"f1": np.float64(0.7), "lr": np.float32(1e-4), "epoch": np.int64(3), "net": state},
    ],
    ids=["beside numbers", "net", "three prefixes", "Lightning", "others", "twice", "NumPy"],
)
def test_weights_are_found_in_whatever_stands_about_them(tmp_path, state, wrapped):
    path = saved(tmp_path / "theirs.pt", wrapped(state))
    adopt_checkpoint(path, tmp_path / "out.pt")
    adopted = torch.load(tmp_path / "out.pt", weights_only=True)["state_dict"]
    torch.testing.assert_close(adopted, under("network.", state), rtol=0, atol=0)
    torch.testing.assert_close(
        build_model({"architecture": NAME, "weights": path}).network.state_dict(), state, rtol=0, atol=0
    )


def test_our_own_networks_are_found_so_too(tmp_path):
    own = build_model(SMALL).state_dict()
    path = saved(tmp_path / "own.pt", {"epoch": 3, **under("model.", own), "loss.weight": torch.ones(1)})
    torch.testing.assert_close(build_model({**SMALL, "weights": path}).state_dict(), own, rtol=0, atol=0)


@pytest.mark.parametrize("beside", [False, True])
def test_files_without_counters_of_batches_fit(tmp_path, state, beside):
    old = {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}
    assert len(state) - len(old) == 53
    content = {"ema": {name: value + 1 for name, value in state.items()}, "model": old} if beside else old
    path = saved(tmp_path / "old.pt", content)
    adopt_checkpoint(path, tmp_path / "out.pt")
    adopted = torch.load(tmp_path / "out.pt", weights_only=True)["state_dict"]
    torch.testing.assert_close(adopted, under("network.", state), rtol=0, atol=0)
    started = build_model({"architecture": NAME, "weights": path}).network.state_dict()
    torch.testing.assert_close(started, state, rtol=0, atol=0)


def test_no_network_uses_counters_of_batches():
    for architecture in ("deeplabv3_resnet50", NAME, *ENCODER_DECODERS):
        layers = [
            layer for layer in build_model({"architecture": architecture}).modules() if hasattr(layer, "momentum")
        ]
        assert layers and all(layer.momentum is not None for layer in layers)


def test_what_is_left_out_is_said(tmp_path, state, caplog):
    caplog.set_level("INFO")
    auxiliary = {"aux_classifier.0.weight": torch.ones(1), "aux_classifier.1.weight": torch.ones(1)}
    content = {
        "optimizer": {"state": {0: {"step": torch.ones(1)}}},
        "state_dict": under("model.", state | auxiliary) | {"criterion.pos_weight": torch.ones(1)},
    }
    adopt_checkpoint(saved(tmp_path / "theirs.pt", content), tmp_path / "out.pt")
    found = "optimizer, state_dict.model.aux_classifier, state_dict.criterion"
    assert f"left out what is not the network's: {found}\n" in caplog.text


def test_a_state_in_parts_is_one(tmp_path, state):
    parts = {
        part: {name.removeprefix(f"{part}."): value for name, value in state.items() if name.startswith(f"{part}.")}
        for part in ("classifier", "backbone")
    }
    adopt_checkpoint(saved(tmp_path / "theirs.pt", parts), tmp_path / "out.pt")
    adopted = torch.load(tmp_path / "out.pt", weights_only=True)["state_dict"]
    torch.testing.assert_close(adopted, under("network.", state), rtol=0, atol=0)


@pytest.fixture(scope="module")
def other(state):
    """Another state of the same network."""
    return {name: value + 1 for name, value in state.items()}


@pytest.mark.parametrize(
    ("several", "said"),
    [
        (lambda a, b: {"state_dict": under("ema.", b) | under("model.", a)}, "state_dict.model, left out"),
        (lambda a, b: under("teacher.", b) | under("student.", a), "student, left out teacher"),
        (lambda a, b: {"epoch": 1, "ema": b, "net": a}, "net, left out ema"),
        (lambda a, b: {"net": b, "state_dict": {"model": a}, "ema": b}, "state_dict.model, left out net, ema"),
        (
            lambda a, b: {"ema": under("module.", b), "run": a, "model": under("module.", a)},
            "model.module, left out ema",
        ),
        (lambda a, b: under("ema.", b) | a, "the one without a prefix, left out ema"),
    ],
)
def test_of_several_networks_the_most_usual_is_taken_and_said(tmp_path, state, other, caplog, several, said):
    caplog.set_level("INFO")
    path = saved(tmp_path / "theirs.pt", several(state, other))
    adopt_checkpoint(path, tmp_path / "out.pt")
    adopted = torch.load(tmp_path / "out.pt", weights_only=True)["state_dict"]
    torch.testing.assert_close(adopted, under("network.", state), rtol=0, atol=0)
    assert f"theirs.pt: of several networks took {said}" in caplog.text
    started = build_model({"architecture": NAME, "weights": path}).network.state_dict()
    torch.testing.assert_close(started, state, rtol=0, atol=0)


def test_of_several_networks_the_whole_one_is_taken(tmp_path, state, other, caplog):
    caplog.set_level("INFO")
    partial = {name: value for name, value in other.items() if name.startswith("backbone.")}
    path = saved(tmp_path / "theirs.pt", {"model": partial, "averaged": state})
    adopt_checkpoint(path, tmp_path / "out.pt")
    adopted = torch.load(tmp_path / "out.pt", weights_only=True)["state_dict"]
    torch.testing.assert_close(adopted, under("network.", state), rtol=0, atol=0)
    assert "of several networks" not in caplog.text
    started = build_model({"architecture": NAME, "weights": path}).network.state_dict()
    torch.testing.assert_close(started, state, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("several", "found"),
    [
        (lambda a, b: {"teacher": b, "ema": a}, "teacher, ema"),
        (lambda a, b: under("fold0.", b) | under("fold1.", a), "fold0, fold1"),
        (lambda a, b: {"model": {"teacher": a, "ema": b}, "best": a}, "model.teacher, model.ema"),
    ],
)
def test_of_several_networks_none_of_them_usual_none_is_taken(tmp_path, state, other, several, found):
    path = saved(tmp_path / "theirs.pt", several(state, other))
    with pytest.raises(InputError, match=rf"theirs\.pt: holds several networks: {found}; save .* wanted alone"):
        adopt_checkpoint(path, tmp_path / "out.pt")
    with pytest.raises(InputError, match=f"holds several networks: {found};"):
        build_model({"architecture": NAME, "weights": path})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path, state, value):
    broken = {name: tensor.clone() for name, tensor in state.items()}
    broken["classifier.1.weight"][0] = value
    path = saved(tmp_path / "theirs.pt", broken)
    with pytest.raises(InputError, match=r"theirs\.pt: holds numbers that are not finite: classifier\.1\.weight;"):
        adopt_checkpoint(path, tmp_path / "out.pt")
    with pytest.raises(InputError, match="not finite"):
        build_model({"architecture": NAME, "weights": path})


def test_another_scaling_than_a_checkpoint_says_is_refused(tmp_path):
    save_checkpoint(tmp_path / "own.pt", build_model(SMALL), SMALL | USE)
    with pytest.raises(InputError, match="was trained with input_scaling imagenet; leave input_scaling: unit out"):
        adopt_checkpoint(tmp_path / "own.pt", tmp_path / "out.pt", "unit")


def test_a_checkpoint_of_an_earlier_version_keeps_its_recipe_under_the_new_name(tmp_path):
    save_checkpoint(tmp_path / "old.pt", build_model(SMALL), {**SMALL, **USE, "recipe": "imfmap"})
    assert load_checkpoint(tmp_path / "old.pt")[1]["recipe"] == "sun_aligned"
