"""What the rules of learning share: labels, tiles, models, their evaluation and comparison."""

import os
from functools import partial
from pathlib import Path

from imfmap.core.choices import COMPARISON_TABLES, LABELLED_ROLES, SPLITS, THRESHOLD
from imfmap.core.errors import InputError
from imfmap.learning.architectures import DEEPLABS, IMAGENET_ENCODERS
from imfmap.maps.target_grid import PLACE_KEYS
from imfmap.run import comparison_rows, model_choice, target_choice
from imfmap.run.comparison_rows import row_scores
from imfmap.run.config.checks import check_can_map
from imfmap.run.config.results import deciding
from snakemake.exceptions import WorkflowError

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


def label_file(wildcards):
    """Labels of a target. A file that nobody has drawn yet is no input: the rule says so when it runs."""
    target = origin(wildcards.target)
    if "simulate" in TARGETS[target]:
        return f"{RUN}/{target}/simulated/labels.gpkg"
    path = user_file(TARGETS[target]["labels"])
    return path if Path(path).exists() else []


def drawn_labels():
    """Label files that people draw, by target."""
    return {name: local_path(TARGETS[name]["labels"]) for name in targets_from("labels") if origin(name) == name}


def own_map(wildcards):
    """The finished mosaic of a target, if its pixels may differ from the target's grid; the labels then take its pixels."""
    return f"{RUN}/{wildcards.target}/mosaic.tif" if is_taken_in(wildcards.target) else []


def truth_raster(wildcards):
    """Exact classes of a simulated target."""
    target = origin(wildcards.target)
    return f"{RUN}/{target}/simulated/truth.tif" if has_truth(target) else []


def tile_image(wildcards):
    """Image that tiles are cut from. From a finished mosaic of recipe paper, they are cut from the mosaic itself."""
    if wildcards.recipe == "paper" and is_taken_in(wildcards.target):
        return f"{RUN}/{wildcards.target}/mosaic.tif"
    return f"{RUN}/{wildcards.target}/projected/{wildcards.product}.tif"


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


def given_checkpoint(wildcards):
    """The user's checkpoint of a model."""
    return user_file(model_settings(wildcards.model)["checkpoint"])


def evaluation_tables():
    return [f"{RUN}/evaluation/table.md"] if config["evaluation"]["models"] else []


def checkpoint(wildcards):
    """Checkpoint of the model that maps a target; a target without a model is refused."""
    try:
        check_can_map(config, [wildcards.target], CONFIG_FILES)
    except InputError as error:
        raise WorkflowError(str(error))
    return f"{RUN}/models/{model_choice.mapping_model(config, wildcards.target)}/checkpoint.pt"


def mosaic_checkpoint(wildcards):
    """The same of a model that can search a mosaic; any other model is refused."""
    try:
        model_choice.check_mosaic_search(config, wildcards.target)
    except InputError as error:
        raise WorkflowError(str(error))
    return checkpoint(wildcards)


def image_probabilities(wildcards):
    """Probabilities in each image of a target. Recipe paper has none."""
    return of_each_image("probability/{product}.tif")(wildcards) if RECIPE == "sun_aligned" else []


COMPARED = f"{RUN}/compared/{{model}}/{{target}}"
SCORED_TARGETS = target_choice.scored(config)
QUESTIONS = config["comparison"]["questions"]

compared_models = partial(comparison_rows.compared_models, config)
compared_rows = partial(comparison_rows.compared_rows, config)


def comparison_tables(question):
    """Tables that answer a question."""
    return [f"{RUN}/comparison/{question}/{table}.md" for table in QUESTIONS[question]["tables"]]
