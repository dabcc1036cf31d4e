"""Checks of values of a configuration that must fit each other."""

import re
from collections.abc import Iterable
from pathlib import Path

from ...core.choices import LABELLED_ROLES
from ...core.errors import InputError
from ...core.product_ids import named_product
from ...learning.architectures import check_architecture, check_batch_size
from ...nac.label import product_of
from ...simulate.settings import SceneSettings
from ..mosaic_targets import check_mosaic
from ..projected_targets import check_projected
from .explain import near
from .learning import is_sun_aware

# Products are names of files, and wildcards of rules.
_PRODUCT = re.compile("[A-Za-z0-9_-]{1,80}", re.ASCII)


def check_together(config: dict, where: str | Path) -> None:
    """Refuse values that are valid alone but do not fit each other.

    Parameters
    ----------
    config : dict
        A configuration with its defaults.
    where : str or Path
        Named in messages.

    Raises
    ------
    InputError
        On the first fault: file, key, what was found, what to do.
    """
    _check_processing(config["processing"], where)
    _check_thresholds(config["mapping"], where)
    _check_models_exist(config, where)
    _check_comparison(config, where)
    _check_trainings(config, where)
    _check_reproduction(config, where)
    for name in config["targets"]:
        _check_target(config, name, where)


def _check_reproduction(config, where):
    for name in config.get("reproduction", {}).get("files", {}):
        if name not in config["targets"]:
            known = ", ".join(sorted(config["targets"]))
            raise InputError(where, f"reproduction.files: no target '{name}'", f"targets has: {known}")


def check_rule_names(targets: Iterable[str], rules: Iterable[str], where: str | Path) -> None:
    """Refuse a target that has the name of a rule, since each target gets a rule of its own name.

    Parameters
    ----------
    targets, rules : iterable of str
        Names of targets and of rules.
    where : str or Path
        Named in messages.

    Raises
    ------
    InputError
        Naming the target.
    """
    if clash := sorted(set(targets) & set(rules)):
        raise InputError(where, f"targets: '{clash[0]}' is the name of a rule", "rename the target")


def check_can_map(config: dict, targets: Iterable[str], where: str | Path) -> None:
    """Refuse targets that no model can map.

    Parameters
    ----------
    config : dict
        A complete configuration.
    targets : iterable of str
        Names of the targets that are to be mapped.
    where : str or Path
        Named in messages.

    Raises
    ------
    InputError
        Naming the first such target.
    """
    for name in targets:
        if "model" not in config["targets"][name] and "model" not in config["inference"]:
            remedy = "add one, such as imfmapper: {zenodo: 15101175}, the paper's published weights"
            raise InputError(where, f"models: is empty, so no model can map {name}", remedy)


def _check_processing(processing, where):
    if (processing["darks"] == "custom") != (processing["dark_file"] is not None):
        raise InputError(where, "processing: darks: custom and dark_file go together", "give both, or neither of them")
    if processing["engine"] == "isis":
        if processing["resampling"] == "antialiased":
            raise InputError(where, "processing.resampling: ISIS has no antialiased resampling", "use cubic")
        if processing["keep_calibrated"]:
            raise InputError(
                where, "processing.keep_calibrated: is for the native engine", "use isis.keep_intermediates"
            )
        if processing["coregistration"]["images"] == "all":
            raise InputError(
                where,
                "processing.coregistration.images: all is for the native engine; automos takes the cubes as they are",
                "use projected or none",
            )
        if processing["shape_model"]:
            raise InputError(
                where,
                "processing.shape_model: is for the native engine",
                "use processing.isis.shape and its shape_model",
            )


def _check_thresholds(mapping, where):
    threshold, hysteresis = mapping["threshold"], mapping["hysteresis"]
    if threshold is not None and hysteresis is not None and hysteresis > threshold:
        found = f"mapping.hysteresis: {hysteresis:g} is above mapping.threshold, {threshold:g}"
        raise InputError(where, found, "give a lower hysteresis, or leave it out")


def _check_models_exist(config, where):
    """Refuse a name of a model that the configuration does not have."""
    models = config["models"]
    named = {"inference.model": [config["inference"]["model"]] if "model" in config["inference"] else []}
    named |= {
        f"targets.{name}.model": [target["model"]] for name, target in config["targets"].items() if "model" in target
    }
    # These names may end in a seed.
    named["evaluation.models"] = [re.sub("-s[0-9]{1,15}$", "", name) for name in config["evaluation"]["models"]]
    for question, settings in config["comparison"]["questions"].items():
        named[f"comparison.questions.{question}.models"] = settings["models"]
    for key, names in named.items():
        for name in names:
            if name not in models:
                known = f"models has: {', '.join(models) or 'none'}"
                raise InputError(where, f"{key}: no model '{name}'{near(name, models)}", known)


def _check_comparison(config, where):
    for question, settings in config["comparison"]["questions"].items():
        sun_aware = [name for name in settings["models"] if is_sun_aware(config["models"][name])]
        if "sun" in settings["tables"] and not (sun_aware and config["comparison"]["sun_offsets_deg"]):
            raise InputError(
                where,
                f"comparison.questions.{question}.tables: the table sun needs sun_offsets_deg and a Sun-aware model",
                "give comparison.sun_offsets_deg and such a model, or leave the table out",
            )


def _check_trainings(config, where):
    devices = config["training"]["devices"]
    trained = {name: model for name, model in config["models"].items() if "architecture" in model}
    for name, model in trained.items():
        try:
            check_architecture(model)
            check_batch_size(model["batch_size"], 1 if devices == "auto" else devices)
        except InputError as error:
            raise InputError(f"{where}: models.{name}", str(error)) from None
    if trained and not any(target.get("role") == "train" for target in config["targets"].values()):
        raise InputError(where, "targets: none has role train", "give one, or give the model a checkpoint")


def _check_target(config, name, where):
    target = config["targets"][name]
    key = f"targets.{name}"
    first, last = target.get("search", {}).get("dates", ("", ""))
    if first > last:
        raise InputError(where, f"{key}.search.dates: {first} is after {last}", "swap them")
    for source in ("edrs", "cubes"):
        products = [product_of(path) for path in target.get(source, [])]
        for path, product in zip(target.get(source, []), products, strict=True):
            if not _PRODUCT.fullmatch(product):
                found = f"{key}.{source}: the name of '{path}' is '{product}' up to its first dot"
                raise InputError(where, found, "rename the file: only letters, digits, _ and -, as in M143947267LE.IMG")
        _check_once(products, f"{key}.{source}", "files", where)
    if isinstance(target.get("products"), list):
        _check_once(target["products"], f"{key}.products", "entries", where)
    if "simulate" in target:
        _check_scene(config, target["simulate"], f"{key}.simulate", where)
    check_mosaic(config, name, where)
    check_projected(config, name, where)
    labelled = "simulate" in target or "labels" in target
    if target.get("role") in LABELLED_ROLES and not labelled:
        raise InputError(where, f"{key}: has role {target['role']} but no labels", "add the key labels")


def _check_once(products, key, what, where):
    """Refuse a product that is named twice, with its E or without."""
    seen = {}
    for product in products:
        name = named_product(product) or product
        if name in seen:
            raise InputError(where, f"{key}: two {what} of one product, {seen[name]} and {product}", "keep one of them")
        seen[name] = product


def _check_scene(config, simulate, key, where):
    scene = {**config["simulation"], **simulate}
    path = scene.pop("path")
    if path == "direct" and config["processing"]["photometry"]:
        raise InputError(
            where,
            f"{key}.path: photometry cannot be applied to images of the direct path",
            "use sensor, or leave processing.photometry out",
        )
    SceneSettings.from_mapping(scene, f"{where}: {key}")
    images = [image["product"] for image in simulate["images"]]
    if len(set(images)) < len(images):
        raise InputError(where, f"{key}.images: two images have the same product id", "give each image its own id")
