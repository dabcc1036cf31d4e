"""Files of weights as people have them: broken, harmful, from elsewhere, wrapped in whatever a program writes."""

import argparse
import collections
import datetime
import decimal
import fractions
import io
import os
import pathlib
import pickle
import shutil
import subprocess
import types
import uuid
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.models import segmentation

from imfmap.core.checksums import sha256
from imfmap.core.errors import InputError
from imfmap.learning.architectures import ENCODER_DECODERS
from imfmap.learning.models import adopt_checkpoint, build_model, load_checkpoint, network_input, save_checkpoint
from imfmap.learning.weight_files import read_state, replacing_checkpoint
from tests.helpers.generated import examples

NAME = "deeplabv3_mobilenet_v3_large"
SMALL = {"architecture": "unet", "encoder": "tu-tf_mobilenetv3_small_minimal_100", "decoder_channels": [16, 8, 8]}
USE = {"recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
# What a checkpoint says of the input of a network that was taken in.
PUBLISHED = {"input_scaling": "unit", "input_channels": 3, "sun_input": False, "sun_azimuth_deg": None}


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
        (
            bytes_of({"state_dict": Harmful()}),
            "holds print; only tensors and plain values are read, since others could run code",
        ),
        (bytes_of(torch.nn.Linear(2, 2)), r"holds torch\.nn\.modules\.linear\.Linear; only tensors"),
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


HARMLESS = {
    "array": np.array([0.1, 0.2]),
    "array of text": np.array(["a", "b"]),
    "array of objects": np.array([{"a": 1}, None], object),
    "records": np.array([(1, 2.0)], [("a", int), ("b", float)]),
    "numbers": [np.float64(0.7), np.float32(1), np.int64(3), np.bool_(True), np.complex64(1j), np.str_("a")],
    "NumPy's date": np.datetime64("2025-06-01"),
    "type": np.float64,
    "state of a generator": np.random.get_state(),
    "defaultdict": collections.defaultdict(list, {"loss": [0.1]}),
    "nested": collections.defaultdict(dict, {"a": {"b": collections.OrderedDict(c=pathlib.PosixPath("d"))}}),
    "counter": collections.Counter("imf"),
    "deque": collections.deque([0.1, 0.2], 5),
    "namespace": argparse.Namespace(lr=1e-4, data=pathlib.PosixPath("data"), inner=argparse.Namespace(a=1)),
    "simple namespace": types.SimpleNamespace(lr=1e-4),
    "path": pathlib.PosixPath("data/tiles"),
    "pure paths": [pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("C:/a")],
    "dates": [
        datetime.datetime(2025, 6, 1, 12, tzinfo=datetime.UTC),
        datetime.date(2025, 6, 1),
        datetime.time(12),
        datetime.timedelta(hours=3),
        datetime.timezone(datetime.timedelta(hours=1)),
    ],
    "exact numbers": [decimal.Decimal("0.1"), fractions.Fraction(1, 3), 2**80, 1j],
    "identity": uuid.UUID(int=5),
    "collections": [{1, 2}, frozenset({1}), (1, 2), range(3), slice(1, 2), b"bytes", bytearray(b"bytes")],
    "torch": [torch.float32, torch.device("cpu"), torch.Size([1]), torch.nn.Parameter(torch.ones(1))],
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_things_beside_the_weights_change_nothing(tmp_path, state, name):
    path = saved(tmp_path / "theirs.pt", {"model_state_dict": state, name: HARMLESS[name], "args": HARMLESS[name]})
    adopt_checkpoint(path, tmp_path / "out.pt")
    adopted = torch.load(tmp_path / "out.pt", weights_only=True)["state_dict"]
    torch.testing.assert_close(adopted, under("network.", state), rtol=0, atol=0)


def test_weights_are_found_in_a_defaultdict(tmp_path):
    path = saved(tmp_path / "theirs.pt", collections.defaultdict(dict, {"net": {"a": torch.ones(1)}}))
    assert [*read_state(path)["state_dict"]] == ["net.a"]


class Made:
    """An object that a file would make by calling something: the call that pickle is told."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    "harmful",
    [
        lambda marker: Made(os.mkdir, marker),
        lambda marker: Made(os.system, f"mkdir {marker}"),
        lambda marker: Made(eval, f"__import__('os').mkdir({marker!r})"),
        lambda marker: argparse.Namespace(inner=Made(os.mkdir, marker)),
        lambda marker: collections.defaultdict(list, {"a": Made(os.mkdir, marker)}),
        lambda marker: np.array([Made(os.mkdir, marker)], object),
        lambda marker: Made(pathlib.Path.mkdir, pathlib.PosixPath(marker)),
        # Calls of what a harmless name leads to, with a harmful argument.
        lambda marker: Made(pathlib.PosixPath, Made(os.mkdir, marker)),
    ],
)
def test_code_beside_the_weights_never_runs(tmp_path, state, harmful):
    marker = str(tmp_path / "ran")
    path = saved(tmp_path / "theirs.pt", {"model_state_dict": state, "beside": harmful(marker)})
    with pytest.raises(
        InputError, match=r"theirs\.pt: holds .*; only tensors and plain values are read, since others could run code"
    ):
        adopt_checkpoint(path, tmp_path / "out.pt")
    assert not (tmp_path / "ran").exists() and not (tmp_path / "out.pt").exists()


def test_an_own_checkpoint_with_other_things_in_it_is_written_without_them(tmp_path):
    model = build_model(SMALL)
    training = {"epoch": 3, "f1": np.float64(0.7), "curve": {"f1": np.ones(2), "loss": 0.1}}
    save_checkpoint(tmp_path / "own.pt", model, SMALL | USE | {"made": pathlib.PosixPath("a")}, training)
    adopt_checkpoint(tmp_path / "own.pt", tmp_path / "out.pt")
    adopted = torch.load(tmp_path / "out.pt", weights_only=True)
    assert adopted["training"] == {"epoch": 3, "curve": {"loss": 0.1}} and "made" not in adopted["settings"]


@pytest.mark.parametrize(
    ("stated", "warned"),
    [(None, False), ({"recipe": USE["recipe"], "resolution_m": None}, False), ({"resolution_m": 77.0}, True)],
)
def test_a_checkpoint_of_another_kind_than_the_configuration_says_is_warned_of(tmp_path, caplog, stated, warned):
    save_checkpoint(tmp_path / "own.pt", build_model(SMALL), SMALL | USE, {})
    adopt_checkpoint(tmp_path / "own.pt", tmp_path / "out.pt", None, stated)
    assert (f"own.pt: has resolution_m {USE['resolution_m']}, not 77.0: check that" in caplog.text) == warned


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A file of the published form, what its own script decides on a tile of 512 px, and the tile.

    torchvision's DeepLabV3 on ResNet50 with an auxiliary head, both heads of two classes, under `model_state_dict`;
    the script feeds the 8 bits over 255 in three channels, and takes the class of the larger probability.
    """
    torch.manual_seed(0)
    network = segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=2, aux_loss=True).eval()
    tile = np.random.default_rng(0).integers(0, 256, (512, 512), np.uint8)
    image = torch.from_numpy(tile / np.float32(255)).expand(1, 3, 512, 512)
    with torch.no_grad():
        # Weights as drawn would find the same class everywhere.
        logits = network(image)["out"]
        network.classifier[4].bias[1] -= (logits[:, 1] - logits[:, 0]).median()
        fracture = torch.sigmoid(network(image)["out"]).argmax(1)[0] == 1
    optimiser = torch.optim.Adam(network.parameters())
    content = {
        "epoch": 47,
        "model_state_dict": network.state_dict(),
        "optimizer_state_dict": optimiser.state_dict(),
        "loss": np.float64(0.01),
        "history": collections.defaultdict(list, {"f1": [np.float64(0.69)]}),
        "args": argparse.Namespace(batch_size=32, data=pathlib.PosixPath("tiles")),
        "date": datetime.datetime(2025, 3, 28),
    }
    return saved(tmp_path_factory.mktemp("published") / "published.pt", content), tile, fracture


@pytest.mark.parametrize(("scaling", "warned"), [("unit", False), (None, True)])
def test_the_published_network_decides_as_its_own_script(tmp_path, published, caplog, scaling, warned):
    path, tile, expected = published
    assert 0.2 < expected.float().mean() < 0.8
    adopt_checkpoint(path, tmp_path / "out.pt", scaling)
    assert ("does not say how its input was scaled; taken as 0..1 (unit)" in caplog.text) == warned
    model, settings = load_checkpoint(tmp_path / "out.pt")
    assert settings["architecture"] == "deeplabv3_resnet50" and settings["input_scaling"] == "unit"
    with torch.inference_mode():
        found = torch.sigmoid(model(network_input(tile)[None]))[0, 0] >= settings["threshold"]
    assert (found == expected).float().mean() > 0.9999


def test_an_input_scaling_that_is_given_wins(tmp_path, published, caplog):
    adopt_checkpoint(published[0], tmp_path / "out.pt", "imagenet")
    assert "input was scaled" not in caplog.text
    assert load_checkpoint(tmp_path / "out.pt")[0].mean.any()


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
    assert adopted["settings"] == {"architecture": NAME} | USE | {"recipe": "paper", "tile_size_px": 512} | PUBLISHED
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
    with pytest.raises(
        InputError, match=rf"theirs\.pt: holds several networks: {found}; save the state of one network alone"
    ):
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


@pytest.mark.parametrize(("own", "asked"), [({}, "unit"), ({"input_scaling": "unit"}, "imagenet")])
def test_another_scaling_than_a_checkpoint_says_is_refused(tmp_path, own, asked):
    save_checkpoint(tmp_path / "own.pt", build_model(SMALL | own), SMALL | USE | own)
    known = own.get("input_scaling", "imagenet")
    with pytest.raises(
        InputError, match=f"own.pt: was trained with input_scaling {known}; leave input_scaling: {asked}"
    ):
        adopt_checkpoint(tmp_path / "own.pt", tmp_path / "out.pt", asked)
    for agreed in (None, known):
        adopt_checkpoint(tmp_path / "own.pt", tmp_path / "out.pt", agreed)
        assert load_checkpoint(tmp_path / "out.pt")[1]["input_scaling"] == known


def test_a_training_does_not_start_from_weights_of_another_scaling(tmp_path):
    own = SMALL | {"input_scaling": "unit"}
    save_checkpoint(tmp_path / "own.pt", build_model(own), own | USE)
    for key in ("weights", "encoder_weights"):
        with pytest.raises(
            InputError, match="own.pt: was trained with input_scaling unit, the model has imagenet; set"
        ):
            build_model(SMALL | {key: tmp_path / "own.pt"})
        build_model(own | {key: tmp_path / "own.pt"})


@pytest.mark.parametrize(
    ("architecture", "recipe", "said"),
    [
        (SMALL, "sun_aligned", {"input_scaling": "imagenet", "input_channels": 1, "sun_input": False}),
        (SMALL | {"sun_input": True}, "paper", {"input_scaling": "imagenet", "input_channels": 1, "sun_input": True}),
        (
            {"architecture": NAME, "input_scaling": "unit"},
            "sun_aligned",
            {"input_scaling": "unit", "input_channels": 3, "sun_input": False},
        ),
    ],
)
def test_a_checkpoint_says_what_the_input_of_its_model_is(tmp_path, architecture, recipe, said):
    save_checkpoint(tmp_path / "own.pt", build_model(architecture), architecture | USE | {"recipe": recipe})
    settings = load_checkpoint(tmp_path / "own.pt")[1]
    assert {key: settings[key] for key in said} == said
    assert settings["sun_azimuth_deg"] == {"sun_aligned": 270.0, "paper": None}[recipe]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"sun_azimuth_deg": 90.0}, "was trained with the Sun at azimuth 90.0 in its tiles, which have it at 270 here"),
        ({"input_scaling": "robust"}, "was trained with input_scaling 'robust'; use a model with imagenet or unit"),
        ({"input_channels": 3}, "takes 3 channels, unet 1; its settings are of another network"),
        ({"sun_input": True}, "does not fit the model: .*; its settings are of another network"),
    ],
)
def test_a_checkpoint_of_another_input_is_refused(tmp_path, changed, found):
    save_checkpoint(tmp_path / "own.pt", build_model(SMALL), SMALL | USE)
    content = torch.load(tmp_path / "own.pt", weights_only=True)
    content["settings"] |= changed
    (tmp_path / "own.pt.sha256").unlink()
    torch.save(content, tmp_path / "own.pt")
    for take in (load_checkpoint, lambda path: adopt_checkpoint(path, tmp_path / "out.pt")):
        with pytest.raises(InputError, match=rf"own\.pt: {found}"):
            take(tmp_path / "own.pt")


def test_an_old_checkpoint_that_says_nothing_of_its_input_is_taken(tmp_path):
    model = build_model(SMALL)
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    torch.save({"state_dict": state, "settings": SMALL | USE, "training": {"epoch": 3}}, tmp_path / "old.pt")
    loaded, settings = load_checkpoint(tmp_path / "old.pt")
    assert loaded.scaling == "imagenet" and settings == SMALL | USE
    adopt_checkpoint(tmp_path / "old.pt", tmp_path / "new.pt")
    said = {"input_scaling": "imagenet", "input_channels": 1, "sun_input": False, "sun_azimuth_deg": 270.0}
    assert load_checkpoint(tmp_path / "new.pt")[1] == SMALL | USE | said


def test_a_checkpoint_of_an_earlier_version_keeps_its_recipe_under_the_new_name(tmp_path):
    save_checkpoint(tmp_path / "old.pt", build_model(SMALL), {**SMALL, **USE, "recipe": "imfmap"})
    assert load_checkpoint(tmp_path / "old.pt")[1]["recipe"] == "sun_aligned"


# Files that lie


def endless():
    content = {"a.weight": torch.ones(1)}
    content["inner"] = content
    return content


OWN = {"architecture": "unet", "encoder": "resnet18", **USE}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (endless(), "has more than 50 levels, or holds itself"),
        ({"classifier.4.weight": torch.zeros(1).expand(2, 10**12)}, "which the file has no room for"),
        ({"classifier.4.weight": torch.ones(2).to_sparse()}, "as sparse or nested numbers"),
        ({"classifier.4.weight": torch.ones(2, device="meta")}, "without its numbers"),
        *(
            ({"state_dict": {"a": torch.ones(1)}, "settings": OWN | wrong}, f"its setting {next(iter(wrong))}")
            for wrong in (
                {"recipe": []},
                {"architecture": {}},
                {"encoder": 5},
                {"tile_size_px": -1},
                {"resolution_m": float("nan")},
                {"decoder_channels": [10**9] * 5},
                {"output_stride": "x"},
            )
        ),
    ],
)
def test_a_state_that_is_not_what_it_seems_is_one_line(tmp_path, content, said):
    path = saved(tmp_path / "file.pt", content)
    with pytest.raises(InputError, match=said) as caught:
        adopt_checkpoint(path, tmp_path / "out.pt")
    assert "\n" not in str(caught.value) and not (tmp_path / "out.pt").exists()


@pytest.mark.parametrize("encoder", ["tu-hf_hub:someone/net", "tu-local-dir:/etc", "../resnet18", "tu-a/b"])
def test_the_encoder_of_a_checkpoint_leads_to_no_server_and_no_folder(tmp_path, encoder):
    path = saved(tmp_path / "file.pt", {"state_dict": {"a": torch.ones(1)}, "settings": OWN | {"encoder": encoder}})
    with pytest.raises(InputError, match="leads to a server or a folder"):
        load_checkpoint(path)


def test_a_checkpoint_opens_no_file_that_it_names(tmp_path):
    """Settings of a training name the weights that it started from; a checkpoint's own may not."""
    model = build_model(SMALL)
    path = tmp_path / "file.pt"
    save_checkpoint(path, model, SMALL | USE | {"encoder_weights": "/no/such/file", "weights": "/no/such/file"})
    assert load_checkpoint(path)[1]["encoder"] == SMALL["encoder"]
    adopt_checkpoint(path, tmp_path / "out.pt")


@pytest.fixture(scope="module")
def own_checkpoint(tmp_path_factory):
    """(path of copies, bytes, content) of a small checkpoint of this workflow."""
    path = tmp_path_factory.mktemp("own") / "own.pt"
    save_checkpoint(path, build_model(SMALL), {**SMALL, **USE}, {"epoch": 1})
    return path.with_name("copy.pt"), path.read_bytes(), torch.load(path, weights_only=True)


def loaded_or_refused(path, *calls):
    """Load a checkpoint in every way; True if it was taken, False if one line that names it says why not."""
    try:
        for call in calls or (load_checkpoint, lambda path: adopt_checkpoint(path, path.with_name("adopted.pt"))):
            call(path)
    except InputError as error:
        assert path.name in str(error) and "\n" not in str(error) and len(str(error)) < 600
        return False
    return True


def itself():
    """A dictionary that holds itself."""
    value = {}
    value["x"] = value
    return value


def many():
    """A dictionary that counts for a billion values."""
    value = {"x": 1}
    for _ in range(9):
        value = dict.fromkeys("abcdefghij", value)
    return value


ODD_TENSORS = {
    "sparse": lambda weight: weight.to_sparse(),
    "quantised": lambda weight: torch.quantize_per_tensor(weight.float(), 0.1, 0, torch.qint8),
    "meta": lambda weight: weight.to("meta"),
    "huge": lambda weight: torch.zeros(1).expand(10**6, 10**6),
    "whole": lambda weight: weight.to(torch.int8),
    "complex": lambda weight: weight.to(torch.complex64),
    "nan": lambda weight: torch.full_like(weight, float("nan")),
    "infinite": lambda weight: torch.full_like(weight, float("inf")),
    "flat": lambda weight: weight.reshape(-1)[None],
    "empty": lambda weight: weight[:0],
}
ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.one_of(st.integers(-1, 10**12), st.floats(), st.text(max_size=2)), max_size=7),
    # Hypothesis shows what it draws, so that these are made afterwards.
    st.sampled_from([itself, many]),
)


@pytest.fixture(scope="module")
def two_checkpoints(tmp_path_factory):
    """Paths of two checkpoints of this workflow, which only their weights tell apart."""
    folder = tmp_path_factory.mktemp("two")
    for name in ("one", "two"):
        save_checkpoint(folder / f"{name}.pt", build_model(SMALL), {**SMALL, **USE})
    return folder / "one.pt", folder / "two.pt"


@pytest.mark.parametrize("value", ["x", [1], 3, {"image": torch.ones(2)}, {1: 2}, {"x": [{"y": torch.ones(1)}]}])
@pytest.mark.parametrize("name", ["calibration", "completeness"])
def test_a_calibration_that_no_tag_can_hold_is_refused(own_checkpoint, name, value):
    path, _, content = own_checkpoint
    saved(path, {**content, "settings": {**content["settings"], name: value}})
    with pytest.raises(InputError, match=f"its setting {name} is"):
        load_checkpoint(path)


def test_a_whole_checkpoint_in_the_place_of_another_is_noticed(two_checkpoints, tmp_path):
    """By the digest beside it, whatever its time, until the user says that it is meant."""
    one, two = (shutil.copy2(path, tmp_path) and tmp_path / path.name for path in two_checkpoints)
    digest = pathlib.Path(shutil.copy2(f"{two_checkpoints[0]}.sha256", tmp_path))
    subprocess.run(["sha256sum", "--check", "--strict", digest.name], cwd=tmp_path, check=True)
    load_checkpoint(one)
    times = one.stat()
    shutil.copyfile(two, one)
    os.utime(one, ns=(times.st_atime_ns, times.st_mtime_ns))
    for call in (load_checkpoint, lambda path: adopt_checkpoint(path, tmp_path / "adopted.pt")):
        with pytest.raises(InputError, match=r"one\.pt: has changed .* delete one\.pt\.sha256 if the change is yours"):
            call(one)
    digest.unlink()
    load_checkpoint(one)


@pytest.mark.parametrize("content", [b"", b"\xff\x00", b"0" * 64])
def test_a_digest_that_is_none_vouches_for_nothing(two_checkpoints, tmp_path, content):
    shutil.copy(two_checkpoints[0], tmp_path / "one.pt")
    (tmp_path / "one.pt.sha256").write_bytes(content)
    with pytest.raises(InputError, match="has changed since it was written"):
        load_checkpoint(tmp_path / "one.pt")


def test_a_checkpoint_that_fails_to_be_written_leaves_no_digest_of_another(tmp_path):
    path = tmp_path / "own.pt"
    save_checkpoint(path, build_model(SMALL), {**SMALL, **USE})
    with pytest.raises(RuntimeError), replacing_checkpoint(path):
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == ["own.pt"]
    load_checkpoint(path)


@pytest.mark.parametrize("kind", ODD_TENSORS)
def test_a_weight_of_another_kind_is_refused_by_name(own_checkpoint, kind):
    path, _, content = own_checkpoint
    name = next(key for key, value in content["state_dict"].items() if value.ndim == 4)
    changed = {**content["state_dict"], name: ODD_TENSORS[kind](content["state_dict"][name])}
    for whole in ({**content, "state_dict": changed}, changed):
        assert not loaded_or_refused(saved(path, whole))


@given(st.data())
@examples(15)
def test_a_checkpoint_with_another_value_is_taken_or_refused(own_checkpoint, data):
    path, _, content = own_checkpoint
    changed = {key: dict(value) for key, value in content.items()}
    part = changed[data.draw(st.sampled_from(sorted(changed)))]
    value = data.draw(ODD_VALUES)
    part[data.draw(st.sampled_from(sorted(part)))] = value() if callable(value) else value
    loaded_or_refused(saved(path, changed))


@given(st.data())
@examples(40)
def test_a_bit_that_flipped_is_noticed(own_checkpoint, data):
    """Unless it flipped where nothing is read: between the parts of the file."""
    path, content, before = own_checkpoint
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(changed)
    if loaded_or_refused(path, read_state):
        after = read_state(path)["state_dict"]
        assert all(torch.equal(after[f"state_dict.{name}"], value) for name, value in before["state_dict"].items())


@given(cut=st.floats(0, 1, exclude_max=True))
@examples(15)
def test_a_checkpoint_that_was_cut_is_refused(own_checkpoint, cut):
    path, content, _ = own_checkpoint
    path.write_bytes(content[: int(cut * len(content))])
    assert not loaded_or_refused(path, read_state)


def test_the_weights_that_are_shipped_are_those_of_their_digest(root):
    """A file that anybody may exchange in a clone: its digest stands beside it, as `sha256sum` writes it."""
    shipped = sorted((root / "resources").glob("*.pt"))
    assert shipped
    for path in shipped:
        assert path.with_name(f"{path.name}.sha256").read_text().split() == [sha256(path), path.name]


def test_packed_parts_are_refused_before_they_are_unpacked(own_checkpoint):
    path, content, _ = own_checkpoint
    with zipfile.ZipFile(io.BytesIO(content)) as parts, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in parts.namelist():
            packed.writestr(part, bytes(10**7) if part.endswith("data/0") else parts.read(part))
    with pytest.raises(InputError, match="is compressed"):
        read_state(path)


class Anything:
    """Pickled as a call of any function with any arguments."""

    def __init__(self, function, arguments):
        self._called = function, arguments

    def __reduce__(self):
        return self._called


@given(
    st.sampled_from((os.system, os.mkdir, print, eval, exec, open, getattr, pathlib.Path.touch, pickle.loads, type)),
    st.lists(st.one_of(st.text(max_size=8), st.binary(max_size=8), st.integers()), max_size=3).map(tuple),
)
@examples(20)
def test_whatever_a_pickle_calls_never_runs(own_checkpoint, function, arguments):
    path, _, content = own_checkpoint
    before = set(path.parent.iterdir())
    saved(path, {**content, "training": {"x": Anything(function, arguments)}})
    assert not loaded_or_refused(path, read_state)
    assert set(path.parent.iterdir()) <= before | {path}
