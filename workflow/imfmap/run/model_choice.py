"""Which models a run uses, with which settings and seed.

All functions take the completed configuration (`config.complete.complete`). A name such as ``unet-s3`` stands for the
model ``unet``, trained with seed 3.
"""

from pathlib import Path

from ..learning.architectures import check_mosaic_model
from .target_choice import origin, to_learn


def model_settings(config: dict, model: str) -> dict:
    """Settings of a model and its ``seed``: the run's, or the number in the model's name."""
    models = config["models"]
    if model in models:
        return {**models[model], "seed": config["run"]["seed"]}
    name, _, seed = model.rpartition("-s")
    return {**models[name], "seed": int(seed)}


def with_key(config: dict, key: str) -> list[str]:
    """Models of the configuration that have a key: architecture, checkpoint or zenodo."""
    return [name for name, model in config["models"].items() if key in model]


def is_trained_here(config: dict, model: str) -> bool:
    """Whether a run trains a model itself. (It takes any other from a checkpoint.)"""
    return "architecture" in model_settings(config, model)


def recipe_augmentation(config: dict, recipe: str) -> dict:
    """Augmentation of a recipe's tiles. The other recipe's ranges are left out: they change nothing here."""
    return {key: value for key, value in config["augmentation"].items() if key in ("probability", recipe)}


def split_name(config: dict, model: str) -> str:
    """Name of the file that splits a model's tiles into training and validation, without its folder."""
    chosen = model_settings(config, model)
    scale = f".{chosen['resolution_m']:g}m" if "resolution_m" in chosen else ""
    return f"split.{chosen['recipe']}.{chosen['split']}{scale}.csv"


def evaluations(config: dict) -> list[tuple[str, str]]:
    """Pairs of a model and a target for the evaluation: each model on the targets at its resolution."""
    return [
        (model, target)
        for model in config["evaluation"]["models"]
        for target in to_learn(config, model_settings(config, model).get("resolution_m"), "validation", "test")
    ]


def mapping_model(config: dict, target: str) -> str | None:
    """Name of the model that maps a target."""
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


def map_footer(config: dict, target: str) -> str:
    """Small print of a map: recipe, model, engine and images."""
    targets, recipe = config["targets"], config["recipe"]
    simulated = "simulate" in targets[origin(config, target)]
    images = "simulated LROC NAC images" if simulated else "LROC NAC images: NASA/GSFC/ASU"
    if "mosaic" in targets[target]:
        images = f"mosaic {Path(targets[target]['mosaic']).name}"
    name = mapping_model(config, target)
    models = config["models"]
    own = f" of recipe {models[name]['recipe']}" if name and models[name]["recipe"] != recipe else ""
    return f"Recipe {recipe}, model {name}{own}, {config['processing']['engine']} engine; {images}"
