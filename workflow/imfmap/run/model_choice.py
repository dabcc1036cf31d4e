"""Which models a run uses, and with which settings and seed.

All functions take the completed configuration (`config.complete.complete`). A name such as ``unet-s3`` stands for the
model ``unet``, trained with seed 3.
"""

from pathlib import Path

from ..learning.architectures import check_mosaic_model
from .target_choice import origin, to_learn


def model_settings(config: dict, model: str) -> dict:
    """Return the settings of a model and its ``seed``: the number in the model's name, else the seed of the run."""
    models = config["models"]
    if model in models:
        return {**models[model], "seed": config["run"]["seed"]}
    name, _, seed = model.rpartition("-s")
    return {**models[name], "seed": int(seed)}


def with_key(config: dict, key: str) -> list[str]:
    """Return the models of the configuration that have a key: architecture, checkpoint, zenodo or shipped."""
    return [name for name, model in config["models"].items() if key in model]


def is_trained_here(config: dict, model: str) -> bool:
    """Whether a run trains a model itself. (It takes any other from a checkpoint.)"""
    return "architecture" in model_settings(config, model)


def recipe_augmentation(config: dict, recipe: str) -> dict:
    """Return the augmentation settings that a recipe uses, without the ranges of the other recipe."""
    return {key: value for key, value in config["augmentation"].items() if key in ("probability", recipe)}


def split_name(config: dict, model: str) -> str:
    """Return the name (without folder) of the file that splits a model's tiles into training and validation."""
    chosen = model_settings(config, model)
    scale = f".{chosen['resolution_m']:g}m" if "resolution_m" in chosen else ""
    return f"split.{chosen['recipe']}.{chosen['split']}{scale}.csv"


def evaluations(config: dict) -> list[tuple[str, str]]:
    """Return pairs of a model and a target for the evaluation: each model with the targets at its resolution."""
    return [
        (model, target)
        for model in config["evaluation"]["models"]
        for target in to_learn(config, model_settings(config, model).get("resolution_m"), "validation", "test")
    ]


def mapping_model(config: dict, target: str) -> str | None:
    """Return the name of the model that maps a target; None if there is no model."""
    return config["targets"][target].get("model", config["inference"].get("model"))


def check_mosaic_search(config: dict, target: str) -> None:
    """Refuse a model that cannot search the mosaic of a target.

    Raises
    ------
    InputError
        If the model needs the direction of the Sun.
    """
    name = mapping_model(config, target)
    if name is not None:
        check_mosaic_model(config["models"][name]["recipe"], config["models"][name]["sun_input"], f"models.{name}")


def image_producers(config: dict, target: str) -> list[str]:
    """Return who made the images of a target, if they are known: those of LROC are, a user's own are not."""
    images = config["targets"][origin(config, target)]
    foreign = "simulate" in images or "projected" in images or "mosaic" in config["targets"][target]
    return [] if foreign else ["NASA/GSFC/ASU"]


def map_footer(config: dict, target: str) -> str:
    """Return the small print of a map: recipe, model, engine and images."""
    targets, recipe = config["targets"], config["recipe"]
    producers = image_producers(config, target)
    images = f"LROC NAC images: {', '.join(producers)}" if producers else "simulated LROC NAC images"
    if "projected" in targets[origin(config, target)]:
        images = "images projected elsewhere"
    if "mosaic" in targets[target]:
        images = f"mosaic {Path(targets[target]['mosaic']).name}"
    name = mapping_model(config, target)
    models = config["models"]
    own = f" of recipe {models[name]['recipe']}" if name and models[name]["recipe"] != recipe else ""
    return f"Recipe {recipe}, model {name}{own}, {config['processing']['engine']} engine; {images}"
