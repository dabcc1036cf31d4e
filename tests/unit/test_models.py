import numpy as np
import pytest
import torch
from torchvision.models import segmentation

from imfmap.errors import InputError
from imfmap.models import (
    ARCHITECTURES,
    adopt_checkpoint,
    build_model,
    choose_device,
    load_checkpoint,
    network_input,
    save_checkpoint,
)

SMALL = {
    "architecture": "unet",
    "encoder": "tu-tf_mobilenetv3_small_minimal_100",
    "decoder_channels": [32, 24, 16, 16, 8],
}
USE = {"recipe": "imfmap", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
BATCH = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_takes_one_channel_and_gives_logits(architecture):
    model = build_model({"architecture": architecture}).eval()
    with torch.inference_mode():
        logits = model(BATCH)
    assert logits.shape == BATCH.shape
    assert logits.dtype == torch.float32


def test_network_input_is_a_scaling_with_a_channel():
    tiles = np.array([[[0, 51], [102, 255]]], np.uint8)
    expected = torch.tensor([[[[0.0, 0.2], [0.4, 1.0]]]])
    torch.testing.assert_close(network_input(tiles), expected)
    torch.testing.assert_close(network_input(torch.from_numpy(tiles)), expected)
    torch.testing.assert_close(network_input(tiles[0]), expected[0])


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    model = build_model(SMALL)
    model.train()(BATCH)  # moves the statistics of the normalisation
    save_checkpoint(tmp_path / "checkpoint.pt", model, SMALL | USE, {"epoch": 3})
    content = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert set(content) == {"state_dict", "settings", "training"}
    loaded, settings = load_checkpoint(tmp_path / "checkpoint.pt")
    assert settings == SMALL | USE
    assert not loaded.training
    with torch.inference_mode():
        torch.testing.assert_close(loaded(BATCH), model.eval()(BATCH))


def test_training_can_start_from_a_checkpoint_or_a_bare_state(tmp_path):
    model = build_model(SMALL)
    save_checkpoint(tmp_path / "checkpoint.pt", model, SMALL | USE)
    torch.save(model.network.state_dict(), tmp_path / "bare.pt")
    for name in ("checkpoint.pt", "bare.pt"):
        started = build_model({**SMALL, "weights": str(tmp_path / name)})
        for key, value in model.state_dict().items():
            torch.testing.assert_close(started.state_dict()[key], value)


def test_a_bare_state_says_nothing_of_its_use(tmp_path):
    torch.save(build_model(SMALL).state_dict(), tmp_path / "bare.pt")
    with pytest.raises(InputError, match="without settings"):
        load_checkpoint(tmp_path / "bare.pt")


def test_weights_of_another_model_do_not_fit(tmp_path):
    save_checkpoint(tmp_path / "checkpoint.pt", build_model(SMALL), SMALL | USE)
    wide = {**SMALL, "decoder_channels": [32, 24, 16, 16, 12], "weights": tmp_path / "checkpoint.pt"}
    with pytest.raises(InputError, match=r"does not fit the model: .* is \(8,"):
        build_model(wide)


@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("wrapped", [lambda state: state, lambda state: {"epoch": 47, "model_state_dict": state}])
def test_a_published_deeplab_state_is_taken_in_however_it_is_wrapped(tmp_path, classes, wrapped):
    torch.manual_seed(0)
    published = segmentation.deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=classes, aux_loss=True
    ).eval()
    state = {f"module.{key}": value for key, value in published.state_dict().items()}
    torch.save(wrapped(state), tmp_path / "published.pt")
    adopt_checkpoint(tmp_path / "published.pt", tmp_path / "checkpoint.pt")
    model, settings = load_checkpoint(tmp_path / "checkpoint.pt")
    assert settings == {"architecture": "deeplabv3_mobilenet_v3_large"} | USE | {"recipe": "paper", "tile_size_px": 512}
    with torch.inference_mode():
        output = published((BATCH - model.mean) / model.deviation)["out"]
        expected = output.softmax(1)[:, 1:] if classes == 2 else output.sigmoid()
        torch.testing.assert_close(model(BATCH).sigmoid(), expected)


def test_an_own_checkpoint_is_taken_in_as_it_is(tmp_path):
    save_checkpoint(tmp_path / "own.pt", build_model(SMALL), SMALL | USE, {"epoch": 3})
    adopt_checkpoint(tmp_path / "own.pt", tmp_path / "checkpoint.pt")
    own, adopted = (torch.load(tmp_path / name, weights_only=True) for name in ("own.pt", "checkpoint.pt"))
    assert adopted["settings"] == own["settings"] and adopted["training"] == {"epoch": 3}
    torch.testing.assert_close(adopted["state_dict"], own["state_dict"])


def test_a_state_of_an_unknown_network_is_not_taken_in(tmp_path):
    torch.save(build_model(SMALL).network.state_dict(), tmp_path / "bare.pt")
    with pytest.raises(InputError, match="no torchvision DeepLabV3"):
        adopt_checkpoint(tmp_path / "bare.pt", tmp_path / "checkpoint.pt")
    assert not (tmp_path / "checkpoint.pt").exists()


class Harmful:
    def __reduce__(self):
        return (print, ("this must not run",))


def test_files_that_are_no_weights_are_refused(tmp_path, capsys):
    torch.save({"state_dict": Harmful()}, tmp_path / "harmful.pt")
    (tmp_path / "text.pt").write_text("nothing")
    torch.save([1, 2], tmp_path / "list.pt")
    found = {
        "harmful.pt": "no file of weights alone",
        "text.pt": "no file of weights alone",
        "list.pt": "no state",
        "none.pt": "no such",
    }
    for name, message in found.items():
        with pytest.raises(InputError, match=message) as error:
            load_checkpoint(tmp_path / name)
        assert "\n" not in str(error.value)
    assert "must not run" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"architecture": "deeplabv3_resnet18"}, "unknown 'deeplabv3_resnet18'"),
        ({"architecture": "unet", "encoder": "resnet17"}, "resnet17"),
        ({"architecture": "unet", "weights": "coco"}, "no COCO weights of unet"),
        ({"architecture": "deeplabv3plus", "decoder_channels": [32, 16, 8]}, "takes none"),
    ],
)
def test_settings_that_cannot_be_built(settings, found):
    with pytest.raises(InputError, match=found):
        build_model(settings)


def test_coco_weights_without_a_network_are_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", _no_network)
    with pytest.raises(InputError, match="coco cannot be fetched"):
        build_model({"architecture": "deeplabv3_mobilenet_v3_large", "weights": "coco"})


def _no_network(*arguments, **options):
    raise OSError("Network is unreachable")


def test_coco_weights_are_taken_but_for_the_last_layer(monkeypatch):
    torch.manual_seed(1)
    coco = segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, aux_loss=True).state_dict()
    monkeypatch.setattr(
        segmentation.DeepLabV3_MobileNet_V3_Large_Weights, "get_state_dict", lambda *arguments, **options: coco
    )
    own = build_model({"architecture": "deeplabv3_mobilenet_v3_large", "weights": "coco"}).network.state_dict()
    assert own["classifier.4.weight"].shape[0] == 1
    for key, value in own.items():
        if not key.startswith("classifier.4."):
            torch.testing.assert_close(value, coco[key])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there():
    assert choose_device("auto", "training.device").type == "cpu"
    with pytest.raises(InputError, match=r"training\.device: cuda"):
        choose_device("cuda", "training.device")
