"""A training that starts from an encoder's own weights."""

from pathlib import Path

import imagenet_encoder
import pytest
import timm
import torch
from torchvision.models import get_model, mobilenet_v3_large, resnet18

from imfmap.acquisition import published_files
from imfmap.core.errors import InputError
from imfmap.learning.architectures import IMAGENET_ENCODERS
from imfmap.learning.models import build_model, network_input, save_checkpoint
from imfmap.learning.torchvision_weights import URLS

USE = {"recipe": "sun_aligned", "tile_size_px": 64, "resolution_m": 1.5, "threshold": 0.5}
LITE = "tf_mobilenetv3_small_minimal_100"
CASES = {
    "torchvision's ResNet in a U-Net": ({"architecture": "unet", "encoder": "resnet18"}, resnet18, ""),
    "timm's ResNet in a U-Net": (
        {"architecture": "unet", "encoder": "tu-resnet18"},
        lambda: timm.create_model("resnet18"),
        "",
    ),
    "timm's MobileNetV3 in a DeepLabV3+": (
        {"architecture": "deeplabv3plus", "encoder": f"tu-{LITE}"},
        lambda: timm.create_model(LITE),
        "",
    ),
    "torchvision's MobileNetV3 in its DeepLabV3": (
        {"architecture": "deeplabv3_mobilenet_v3_large"},
        mobilenet_v3_large,
        "features.",
    ),
}


@pytest.fixture(params=CASES, ids=lambda name: name)
def case(request, tmp_path):
    """Settings of a network, the state of a classifier with its encoder, and what stands before its names there."""
    settings, classifier, prefix = CASES[request.param]
    torch.manual_seed(1)
    state = classifier().state_dict()
    torch.save(state, tmp_path / "encoder.pth")
    return settings | {"encoder_weights": tmp_path / "encoder.pth"}, state, prefix


@pytest.mark.parametrize("sun_input", [False, True])
def test_the_encoder_is_the_files_and_the_rest_as_drawn(case, sun_input):
    settings, state, prefix = case
    settings = settings | {"sun_input": sun_input}
    torch.manual_seed(7)
    model = build_model(settings)
    torch.manual_seed(7)
    drawn = build_model({**settings, "encoder_weights": None})
    first = next(name for name, value in model.encoder.state_dict().items() if value.ndim == 4)
    for name, value in model.encoder.state_dict().items():
        expected = state[f"{prefix}{name}"]
        if name == first:
            # Grey is all three colours at once; what the Sun's channels do is yet to be learnt.
            seen = expected.sum(1, keepdim=True) if model.channels == 1 else expected
            torch.testing.assert_close(value[:, : model.channels], seen)
            assert value.shape[1] == model.channels + model.sun_channels and not value[:, model.channels :].any()
        else:
            torch.testing.assert_close(value, expected)
    encoder = {id(value) for value in model.encoder.parameters()}
    rest = [name for name, value in model.named_parameters() if id(value) not in encoder]
    assert rest
    for name in rest:
        torch.testing.assert_close(model.get_parameter(name), drawn.get_parameter(name))


def test_grey_of_three_equal_colours_is_seen_as_the_colours_are(tmp_path):
    classifier = resnet18().eval()
    torch.save(classifier.state_dict(), tmp_path / "encoder.pth")
    settings = {"architecture": "unet", "encoder": "resnet18", "encoder_weights": tmp_path / "encoder.pth"}
    model = build_model(settings | {"input_scaling": "unit"}).eval()
    grey = network_input(torch.rand(2, 64, 64, generator=torch.Generator().manual_seed(0)))
    with torch.inference_mode():
        torch.testing.assert_close(
            model.encoder.conv1(grey), classifier.conv1(grey.expand(-1, 3, -1, -1)), atol=1e-5, rtol=1e-5
        )


@pytest.mark.parametrize("sun_input", [False, True])
def test_the_encoder_of_an_own_checkpoint(tmp_path, sun_input):
    settings = {"architecture": "unet", "encoder": "resnet18", "sun_input": sun_input}
    own = build_model(settings)
    save_checkpoint(tmp_path / "checkpoint.pt", own, settings | USE)
    other = {**settings, "decoder_channels": [64, 32, 16, 16, 8], "encoder_weights": tmp_path / "checkpoint.pt"}
    for name, value in build_model(other).encoder.state_dict().items():
        torch.testing.assert_close(value, own.encoder.state_dict()[name])
    if sun_input:
        # Three channels of which two are the Sun's are no colours.
        with pytest.raises(InputError, match=r"conv1\.weight is \(64, 3, 7, 7\) for \(64, 1, 7, 7\)"):
            build_model(other | {"sun_input": False})


def test_another_encoder_does_not_fit(tmp_path):
    torch.save(resnet18().state_dict(), tmp_path / "encoder.pth")
    with pytest.raises(InputError, match=r"encoder\.pth: does not fit .*; give weights of the same encoder"):
        build_model({"architecture": "unet", "encoder": "resnet34", "encoder_weights": tmp_path / "encoder.pth"})


@pytest.mark.parametrize("encoder", IMAGENET_ENCODERS)
def test_torchvisions_imagenet_weights_fit_their_encoder(encoder):
    with torch.device("meta"):
        own = build_model({"architecture": "unet", "encoder": encoder}).encoder.state_dict()
        classifier = get_model(encoder).state_dict()
    first = next(name for name, value in own.items() if value.ndim == 4)
    assert own.pop(first).shape[2:] == classifier[first].shape[2:]
    assert {name: value.shape for name, value in own.items()}.items() <= {
        name: value.shape for name, value in classifier.items()
    }.items()


def test_what_is_fetched_says_its_digest():
    # Of the two that torchvision has for some, the first, which its COCO weights came from, too.
    assert Path(URLS["imagenet"]["resnet50"]).name == "resnet50-0676ba61.pth"
    for url in (url for urls in URLS.values() for url in urls.values()):
        assert published_files._DIGEST.search(Path(url).name), url


def test_weights_of_the_whole_and_of_the_encoder_are_one_too_many():
    with pytest.raises(InputError, match="weights hold an encoder already; leave one of the two out"):
        build_model({"architecture": "unet", "weights": "a.pth", "encoder_weights": "b.pth"})


def test_the_packaged_weights_are_told_by_their_shapes():
    classifier = timm.create_model(imagenet_encoder.ENCODER).state_dict()
    renamed = {f"_{number}": value for number, value in enumerate(classifier.values())}
    taken = imagenet_encoder.as_timm(renamed, "a.pth")
    # What names ImageNet's classes is left out.
    assert set(classifier) - set(taken) == {"classifier.weight", "classifier.bias"}
    assert all(taken[name] is classifier[name] for name in taken)
    with pytest.raises(InputError, match=r"a\.pth: holds no tf_efficientnet_lite0"):
        imagenet_encoder.as_timm(dict(list(renamed.items())[:-1]), "a.pth")
