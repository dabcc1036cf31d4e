"""Addresses of torchvision's weights that a training may start from, by what they were trained on."""

from torchvision.models import get_model_weights

from .architectures import DEEPLABS, IMAGENET_ENCODERS

URLS = {
    "coco": {name: get_model_weights(name)["COCO_WITH_VOC_LABELS_V1"].url for name in DEEPLABS},
    "imagenet": {name: get_model_weights(name)["IMAGENET1K_V1"].url for name in IMAGENET_ENCODERS},
}
