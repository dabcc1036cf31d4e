"""What the rules of learning share: settings of models, and the tiles that they learn from."""

from functools import partial

from imfmap.run import model_choice, target_choice

model_settings = partial(model_choice.model_settings, config)


def models_with(key):
    """Regular expression of the models that have a key, of any seed (unet, unet-s3)."""
    return rf"({one_of(model_choice.with_key(config, key))})(-s[0-9]+)?"


def tiles_of(target, recipe):
    """Tiles of each usable image of a target."""
    return [f"{RUN}/{target}/tiles/{recipe}/{product}.npz" for product in usable(target)]


def training_tiles(recipe, resolution_m=None):
    """Tiles of each training image, at the resolution that a model asks for."""
    targets = target_choice.to_learn(config, resolution_m, "train")
    return [path for target in targets for path in tiles_of(target, recipe)]


def trained_metrics(models, run=RUN):
    """Files of metrics that training writes, of those models that this run trains."""
    return [f"{run}/models/{model}/metrics.json" for model in models if model_choice.is_trained_here(config, model)]
