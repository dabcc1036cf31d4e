"""Input functions of training."""

import os

from imfmap.learning.architectures import DEEPLABS, IMAGENET_ENCODERS
from imfmap.run import model_choice, settings

# Processes of a training, each on a GPU if there are any. How many "auto" finds is not known here. profiles/slurm asks
# for this number of GPUs.
DEVICES = config["training"]["devices"] if config["training"]["devices"] != "auto" else 1
os.environ.update(IMFMAP_DEVICES=str(DEVICES))


def model_tiles(wildcards):
    """Training tiles of a model's recipe and resolution."""
    chosen = model_settings(wildcards.model)
    return training_tiles(chosen["recipe"], chosen.get("resolution_m"))


def weights_file(name, network):
    """File of weights that a training starts from: the user's, or torchvision's of a network."""
    if name in ("coco", "imagenet"):
        # Weights that are fetched again are the same, so that there is no reason to train again.
        return ancient(f"{RUN}/models/{name}.{network}.pth")
    return user_file(name) if name else []


def starting_weights(wildcards):
    model = model_settings(wildcards.model)
    return weights_file(model["weights"], model["architecture"])


def starting_encoder(wildcards):
    model = model_settings(wildcards.model)
    return weights_file(model.get("encoder_weights"), model.get("encoder", IMAGENET_ENCODERS[0]))
