"""Input functions of the labels."""

from pathlib import Path

from imfmap.maps.target_grid import PLACE_KEYS
from imfmap.run import settings


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
    return f"{RUN}/{wildcards.target}/mosaic.tif" if wildcards.target in targets_taken_in() else []
