import numpy as np
import pytest
import torch
from torchvision.models import resnet50, segmentation

from imfmap.core.errors import InputError
from imfmap.learning.architectures import ARCHITECTURES
from imfmap.learning.deeplab import build_deeplab
from imfmap.learning.models import (
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
USE = {"recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
# What a checkpoint of `SMALL` says of its input beside its settings.
INPUT = {"input_scaling": "imagenet", "input_channels": 1, "sun_input": False, "sun_azimuth_deg": 270.0}
BATCH = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_takes_one_channel_and_gives_logits(architecture):
    model = build_model({"architecture": architecture}).eval()
    with torch.inference_mode():
        logits = model(BATCH)
    assert logits.shape == BATCH.shape
    assert logits.dtype == torch.float32


def test_network_input_is_the_same_from_numpy_and_pytorch():
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert torch.equal(network_input(grey), network_input(torch.from_numpy(grey)))


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
    assert settings == SMALL | USE | INPUT
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
@pytest.mark.parametrize(
    "wrapped",
    [
        lambda state: state,
        lambda state: {"epoch": 47, "model_state_dict": state},
        lambda state: {"IMFMapper": {"weights": state}, "optimizer": {"state": {0: {"step": torch.ones(1)}}}},
        lambda state: {"ema": {"decay": torch.ones(1)}, "net": state},
    ],
    ids=["bare", "usual", "deep", "beside others"],
)
def test_a_published_deeplab_state_is_taken_in_however_it_is_wrapped(tmp_path, classes, wrapped):
    torch.manual_seed(0)
    published = segmentation.deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=classes, aux_loss=True
    ).eval()
    state = {f"module.{key}": value for key, value in published.state_dict().items()}
    torch.save(wrapped(state), tmp_path / "published.pt")
    adopt_checkpoint(tmp_path / "published.pt", tmp_path / "checkpoint.pt")
    model, settings = load_checkpoint(tmp_path / "checkpoint.pt")
    use = {"recipe": "paper", "tile_size_px": 512, "sun_azimuth_deg": None}
    use |= {"input_scaling": "unit", "input_channels": 3}
    assert settings == {"architecture": "deeplabv3_mobilenet_v3_large"} | USE | INPUT | use
    with torch.inference_mode():
        output = published(BATCH.expand(-1, 3, -1, -1))["out"]
        expected = output.softmax(1)[:, 1:] if classes == 2 else output.sigmoid()
        torch.testing.assert_close(model(BATCH).sigmoid(), expected)


def test_an_own_checkpoint_is_taken_in_as_it_is(tmp_path):
    save_checkpoint(tmp_path / "own.pt", build_model(SMALL), SMALL | USE, {"epoch": 3})
    adopt_checkpoint(tmp_path / "own.pt", tmp_path / "checkpoint.pt")
    own, adopted = (torch.load(tmp_path / name, weights_only=True) for name in ("own.pt", "checkpoint.pt"))
    assert adopted["settings"] == own["settings"] and adopted["training"] == {"epoch": 3}
    torch.testing.assert_close(adopted["state_dict"], own["state_dict"])


def torchvision_state(name="deeplabv3_mobilenet_v3_large"):
    return getattr(segmentation, name)(weights=None, weights_backbone=None, num_classes=1).state_dict()


def one_deeper(name):
    """A name of a last layer that stands in a sequence, behind dropout say."""
    return f"module.{name.replace('classifier.4.', 'classifier.4.0.')}"


@pytest.mark.parametrize(
    ("foreign", "found"),
    [
        (lambda: build_model(SMALL).network.state_dict(), r"no backbone\.layer3\.5\.conv1\.weight or backbone\.0\."),
        (
            lambda: {"net": {one_deeper(name): value for name, value in torchvision_state().items()}},
            r"no classifier\.4\.weight \(it has classifier\.4\.0\.weight\)",
        ),
        (
            lambda: {name: value for name, value in torchvision_state().items() if name.startswith("backbone")},
            r"no classifier\.0\.convs\.0\.0\.weight, classifier\.4\.weight \(it has backbone\.0\.0\.weight, ",
        ),
        (
            lambda: resnet50().state_dict(),
            r"no backbone\.layer3\.5\.conv1\.weight or .* \(it has layer3\.5\.conv1\.weight",
        ),
        (
            lambda: torchvision_state("lraspp_mobilenet_v3_large"),
            r"no classifier\.0\.convs\.0\.0\.weight, classifier\.4\.weight \(it has classifier\.cbr\.0\.weight",
        ),
        (
            lambda: torchvision_state("fcn_resnet50"),
            r"no classifier\.0\.convs\.0\.0\.weight \(it has classifier\.0\.weight\)",
        ),
        (lambda: {"weight": torch.ones(2), "bias": torch.ones(2)}, r"no backbone.* \(it has weight, bias\)"),
    ],
    ids=["unet", "last layer", "backbone alone", "resnet", "lraspp", "fcn", "alien"],
)
def test_a_state_of_an_unknown_network_is_not_taken_in(tmp_path, foreign, found):
    torch.save(foreign(), tmp_path / "bare.pt")
    with pytest.raises(InputError, match=rf"bare\.pt: is no torchvision DeepLabV3: {found}.*; give a DeepLabV3 with"):
        adopt_checkpoint(tmp_path / "bare.pt", tmp_path / "checkpoint.pt")
    assert not (tmp_path / "checkpoint.pt").exists()


def test_what_to_do_about_weights_that_do_not_fit(tmp_path):
    foreign, own = tmp_path / "foreign.pt", tmp_path / "own.pt"
    torch.save(torchvision_state() | {"classifier.5.weight": torch.ones(1)}, foreign)
    # Beside `checkpoint` no architecture can be given.
    with pytest.raises(InputError, match=r"unknown classifier\.5\.weight; give a DeepLabV3 with torchvision's layers"):
        adopt_checkpoint(foreign, tmp_path / "out.pt")
    with pytest.raises(
        InputError, match=r"unknown classifier\.5\.weight; use the architecture that it was trained with"
    ):
        build_model({"architecture": "deeplabv3_mobilenet_v3_large", "weights": foreign})
    save_checkpoint(own, build_model(SMALL), SMALL | USE | {"decoder_channels": [32, 24, 16, 16, 12]})
    for take in (load_checkpoint, lambda path: adopt_checkpoint(path, tmp_path / "out.pt")):
        with pytest.raises(
            InputError, match="does not fit .*; its settings are of another network: give the checkpoint"
        ):
            take(own)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"architecture": "deeplabv3_resnet18"}, "unknown 'deeplabv3_resnet18'"),
        ({"architecture": "unet", "encoder": "resnet17"}, "resnet17"),
        ({"architecture": "unet", "weights": "coco"}, "no COCO weights of unet"),
        ({"architecture": "deeplabv3plus", "decoder_channels": [32, 16, 8]}, "takes none"),
        ({"architecture": "deeplabv3_resnet50", "encoder": "resnet18"}, "encoder: deeplabv3_resnet50 has its own"),
        ({"architecture": "deeplabv3_resnet50", "decoder_channels": [32, 16, 8]}, "decoder_channels: .* takes none"),
    ],
)
def test_settings_that_cannot_be_built(settings, found):
    with pytest.raises(InputError, match=found):
        build_model(settings)


@pytest.fixture
def coco(tmp_path):
    """State like torchvision's COCO weights of the small DeepLabV3, and its file."""
    torch.manual_seed(1)
    state = segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, aux_loss=True).state_dict()
    torch.save(state, tmp_path / "coco.pth")
    return state, tmp_path / "coco.pth"


@pytest.mark.parametrize("sun_input", [False, True])
def test_coco_weights_are_taken_but_for_the_last_layer(coco, sun_input):
    state, path = coco
    settings = {"architecture": "deeplabv3_mobilenet_v3_large", "weights": path, "sun_input": sun_input}
    own = build_model(settings).network.state_dict()
    assert own["classifier.4.weight"].shape[0] == 1
    for key, value in own.items():
        if key == "backbone.0.0.weight" and sun_input:
            # What the Sun's channels do is yet to be learnt.
            torch.testing.assert_close(value[:, :3], state[key])
            assert value.shape[1] == 5 and not value[:, 3:].any()
        elif not key.startswith("classifier.4."):
            torch.testing.assert_close(value, state[key])


def test_a_network_with_the_suns_direction_starts_as_the_one_without(coco):
    base = {"architecture": "deeplabv3_mobilenet_v3_large", "weights": coco[1]}
    plain, sunny = build_model(base).eval(), build_model(base | {"sun_input": True}).eval()
    sunny.network.classifier.load_state_dict(plain.network.classifier.state_dict())
    tile = (255 * BATCH[0, 0]).to(torch.uint8)
    with torch.inference_mode():
        for azimuth_deg in (0.0, 100.0):
            torch.testing.assert_close(
                sunny(network_input(tile, azimuth_deg)[None]), plain(network_input(tile)[None]), atol=1e-5, rtol=1e-5
            )


@pytest.mark.parametrize("architecture", ["deeplabv3_mobilenet_v3_large", "unet", "deeplabv3plus"])
def test_the_suns_direction_reaches_the_network(architecture):
    torch.manual_seed(0)
    model = build_model({"architecture": architecture, "sun_input": True})
    tiles = [network_input(BATCH[number, 0], azimuth_deg) for number, azimuth_deg in enumerate((0.0, 130.0))]
    batch = torch.stack(tiles).requires_grad_()
    logits = model(batch)
    assert logits.shape == BATCH.shape
    logits.square().sum().backward()
    assert (batch.grad.abs().amax((0, 2, 3)) > 0).all()


def test_network_input_with_the_suns_direction():
    result = network_input(np.full((2, 4, 4), 51, np.uint8), 120.0)
    assert result.shape == (2, 3, 4, 4)
    expected = torch.tensor([0.2, np.cos(np.radians(120)), np.sin(np.radians(120))], dtype=torch.float32)
    torch.testing.assert_close(result, expected[None, :, None, None].expand(2, 3, 4, 4))


def test_a_denser_resnet_computes_the_same_in_between():
    torch.manual_seed(0)
    coarse = build_deeplab("deeplabv3_resnet50", 32).eval()
    image = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = coarse.backbone(image)["out"]
        assert expected.shape[-1] == 3
        for output_stride in (4, 8, 16, None):
            dense = build_deeplab("deeplabv3_resnet50", output_stride).eval()
            dense.load_state_dict(coarse.state_dict())
            features = dense.backbone(image)["out"]
            step = 32 // (output_stride or 8)
            assert features.shape[-1] == 3 * step
            torch.testing.assert_close(features[..., ::step, ::step], expected, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("output_stride", [4, 8, 16, 32, None])
def test_strides_of_the_small_deeplab(output_stride):
    network = build_deeplab("deeplabv3_mobilenet_v3_large", output_stride).eval()
    with torch.inference_mode():
        features = network.backbone(torch.rand(1, 3, 64, 64))["out"]
    assert features.shape[-1] == 64 // (output_stride or 16)
    assert set(network.state_dict()) == set(build_deeplab("deeplabv3_mobilenet_v3_large").state_dict())


def test_strides_that_there_are_not():
    with pytest.raises(InputError, match="output_stride: deeplabv3_resnet50 takes no 6; use one of 4, 8, 16, 32"):
        build_model({"architecture": "deeplabv3_resnet50", "output_stride": 6})
    with pytest.raises(InputError, match="output_stride: unet takes no 8; leave the key out"):
        build_model({"architecture": "unet", "output_stride": 8})
    with pytest.raises(InputError, match="decoder_channels: fpn takes none"):
        build_model({"architecture": "fpn", "decoder_channels": [8, 8, 8]})


def test_a_checkpoint_says_how_its_network_is_built(tmp_path):
    settings = {"architecture": "deeplabv3_mobilenet_v3_large", "output_stride": 8, "sun_input": True} | USE
    save_checkpoint(tmp_path / "checkpoint.pt", build_model(settings), settings)
    model, loaded = load_checkpoint(tmp_path / "checkpoint.pt")
    assert loaded == settings | INPUT | {"sun_input": True, "input_channels": 3} and model.sun_channels == 2
    with torch.inference_mode():
        assert model.network.backbone(torch.rand(1, 5, 64, 64))["out"].shape[-1] == 8


def test_input_scalings():
    plain = build_model({"architecture": "deeplabv3_mobilenet_v3_large", "input_scaling": "unit"})
    assert not plain.mean.any() and (plain.deviation == 1).all()
    assert build_model({"architecture": "deeplabv3_mobilenet_v3_large"}).mean[0, 0, 0, 0] == pytest.approx(0.485)
    with pytest.raises(InputError, match="input_scaling: unknown 'other'"):
        build_model({"architecture": "deeplabv3_mobilenet_v3_large", "input_scaling": "other"})


@pytest.mark.parametrize(("channels", "scaling"), [(1, "unit"), (1, "imagenet"), (3, "unit")])
def test_published_weights_may_take_grey_images_and_another_scaling(tmp_path, channels, scaling):
    published = build_deeplab("deeplabv3_mobilenet_v3_large", channels=channels).eval()
    torch.save(published.state_dict(), tmp_path / "published.pt")
    adopt_checkpoint(tmp_path / "published.pt", tmp_path / "checkpoint.pt", scaling)
    model, settings = load_checkpoint(tmp_path / "checkpoint.pt")
    assert settings["input_channels"] == channels and settings["input_scaling"] == scaling
    image = BATCH if scaling == "unit" else (BATCH - 0.449) / 0.226
    with torch.inference_mode():
        expected = published(image.expand(-1, channels, -1, -1))["out"]
        torch.testing.assert_close(model(BATCH), expected, atol=1e-3, rtol=1e-3)


def test_states_of_other_classes_are_not_taken_for_fractures(tmp_path):
    colours = segmentation.deeplabv3_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=5)
    torch.save(colours.state_dict(), tmp_path / "five.pt")
    with pytest.raises(
        InputError, match="five.pt: has 5 classes, not one or two; give it as `weights` to a model to train"
    ):
        adopt_checkpoint(tmp_path / "five.pt", tmp_path / "checkpoint.pt")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there():
    assert choose_device("auto", "training.device").type == "cpu"
    with pytest.raises(InputError, match=r"training\.device: cuda"):
        choose_device("cuda", "training.device")
