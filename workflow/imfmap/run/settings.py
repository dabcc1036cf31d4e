"""Settings of a run: checked against the schemas, completed with their defaults, consistent among themselves."""

import copy
import csv
import re
from datetime import date
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from ..core.errors import InputError
from ..learning.architectures import check_architecture, check_batch_size
from ..maps.bodies import true_scale_latitude
from ..simulate.settings import SceneSettings
from .coarse_targets import coarse_targets
from .mosaic_targets import check_mosaic

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
# Keys of processing that a target may have its own value of.
TARGETS_OWN = ("projection", "resolution_m", "standard_parallel_deg", "verify_md5")
# Keys of training and inference that say where and how fast something is made, or by which model, but not what of it.
_WITHOUT_CONSEQUENCE = ("batch_size", "compile", "device", "devices", "model", "threads", "workers")
LABELLED_ROLES = ("train", "validation", "test")


@cache
def _schema(name):
    return yaml.safe_load((SCHEMAS / name).read_text())


@cache
def _validator(name):
    registry = Registry().with_resources(
        (path.name, Resource.from_contents(_schema(path.name))) for path in SCHEMAS.glob("*.schema.yaml")
    )
    return Draft202012Validator(_schema(name), registry=registry)


def complete(config, where):
    """Check a configuration and fill in its defaults.

    Parameters
    ----------
    config : dict
        As read from YAML.
    where : str or Path
        File that it came from, named in messages.

    Returns
    -------
    dict
        A new, complete configuration, its keys sorted; every target with its own value of each of `TARGETS_OWN`.

    Raises
    ------
    InputError
        On the first fault: file, key, what was found, what is allowed.
    """
    config = _dates_as_text(config)
    _check(config, where)
    if "small" in config:
        # Both sizes are checked, whichever is made.
        small = overridden(config, config["small"])
        _check(small, f"{where} with its key small")
        config = small if config.get("size") == "small" else config
    config = {key: copy.deepcopy(value) for key, value in config.items() if key != "small"}
    _fill(config, _schema("config.schema.yaml"), "config.schema.yaml")
    config["refresh"] = config["refresh"] in (True, "true")
    for model in config["models"].values():
        # Published weights are the paper's, whatever the run's recipe.
        model.setdefault("recipe", "paper" if "zenodo" in model else config["recipe"])
    _cross_check(config, where)
    for name, target in config["targets"].items():
        for key in TARGETS_OWN:
            target.setdefault(key, config["processing"][key])
        try:
            true_scale_latitude(target["projection"], target["lat"], target["standard_parallel_deg"])
        except InputError as error:
            raise InputError(f"{where}: targets.{name}", str(error)) from None
    config["targets"] |= coarse_targets(config, where)
    # One order of keys, so that the order in a file changes nothing that is made.
    return _sorted(config)


def overridden(config, overrides):
    """A configuration with other values: mappings are merged to every depth, anything else is replaced.

    Parameters
    ----------
    config, overrides : dict
        A value of None in `overrides` takes the key away.

    Returns
    -------
    dict
        A new one.
    """
    merged = dict(config)
    for key, value in overrides.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = overridden(merged[key], value)
        else:
            merged[key] = value
    return merged


def _check(config, where):
    problems = sorted(
        _validator("config.schema.yaml").iter_errors(config), key=lambda error: list(map(str, error.path))
    )
    if problems:
        raise InputError(where, *_explain(problems[0]))


def _dates_as_text(value):
    """A value with the days in it as text: YAML makes dates of them unless they are quoted."""
    if isinstance(value, dict):
        return {key: _dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_dates_as_text(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _sorted(value):
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def read_products(path):
    """Product ids of a product table, each of its lines checked.

    Parameters
    ----------
    path : str or Path
        CSV with the columns of products.schema.yaml.

    Returns
    -------
    list of str
        In the table's order.

    Raises
    ------
    InputError
        On the first fault: file, line, column, what was found, what is allowed.
    """
    products = []
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            line = f"line {len(products) + 2}"
            cells = {key: _typed(key, cell) for key, cell in row.items() if key is None or cell not in ("", None)}
            if None in cells:
                raise InputError(path, f"{line}: has more cells than the header", "quote cells that hold commas")
            for error in _validator("products.schema.yaml").iter_errors(cells):
                found, remedy = _explain(error)
                raise InputError(path, f"{line}: {found}", remedy)
            if cells["product"] in products:
                raise InputError(path, f"{line}: product {cells['product']} a second time", "delete one of the lines")
            products.append(cells["product"])
    if not products:
        raise InputError(path, "has no products", "search again, or add lines")
    return products


def _typed(key, cell):
    """A cell as the type that its column has, or as the text it is where it is none."""
    kind = _schema("products.schema.yaml")["properties"].get(key, {}).get("type")
    try:
        return {"integer": int, "number": float}.get(kind, str)(cell)
    except ValueError:
        return cell


def _explain(error):
    """Turn a jsonschema error into (what was found, what to do)."""
    while error.context and error.validator == "anyOf":
        error = min(error.context, key=lambda inner: len(inner.path))
    key = ".".join(map(str, error.absolute_path)) or "(top level)"
    kind, allowed = error.validator, error.validator_value
    if kind == "additionalProperties":
        known = error.schema["properties"]
        unknown = [name for name in error.instance if name not in known]
        return f"{key}: unknown key '{unknown[0]}'", f"allowed: {', '.join(known)}"
    if kind == "dependentRequired":
        name = next(name for name in allowed if name in error.instance)
        return f"{key}: {name} does nothing without {allowed[name][0]}", "leave it out"
    if kind == "enum":
        return f"{key}: {error.instance!r} is not allowed", f"use one of {', '.join(map(str, allowed))}"
    if kind == "required":
        missing = [name for name in allowed if name not in error.instance]
        return f"{key}: required key '{missing[0]}' is missing", "add it"
    if kind == "oneOf":
        choices = [choice["required"][0] for choice in allowed]
        found = [name for name in choices if name in error.instance]
        return f"{key}: has {' and '.join(found) or 'none'} of {', '.join(choices)}", "give exactly one"
    if kind in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        limits = [
            f"{'above' if name == 'exclusiveMinimum' else 'at least'} {error.schema[name]}"
            for name in ("minimum", "exclusiveMinimum")
            if name in error.schema
        ] + [
            f"{'below' if name == 'exclusiveMaximum' else 'at most'} {error.schema[name]}"
            for name in ("maximum", "exclusiveMaximum")
            if name in error.schema
        ]
        return f"{key}: {error.instance!r} is out of range", f"allowed: {' and '.join(limits)}"
    if kind == "type":
        wanted = allowed if isinstance(allowed, str) else " or ".join(allowed)
        return f"{key}: {error.instance!r} is no {wanted}", f"give {wanted}"
    if kind == "pattern":
        return f"{key}: {error.instance!r} has the wrong form", f"it must match {allowed}"
    if kind == "propertyNames" or "propertyNames" in error.absolute_schema_path:
        return f"{key}: the name {error.instance!r} has the wrong form", f"it must match {error.validator_value}"
    return f"{key}: {error.message}", ""


def deciding(section):
    """Settings of ``training`` or ``inference`` that decide what is made: when another one changes, nothing is remade.

    Scripts take the others from the configuration of the day.
    """
    return {key: value for key, value in section.items() if key not in _WITHOUT_CONSEQUENCE}


def is_sun_aware(model):
    """Whether a model (an entry of a complete configuration's ``models``) is Sun-aware: knows where the Sun is.

    Its tiles are turned to the Sun and stay so, or it is given the Sun's direction.
    """
    aligned = model["recipe"] == "sun_aligned" and not model.get("quarter_turns", False)
    return aligned or model.get("sun_input", False)


def _fill(instance, schema, document):
    """Set the defaults of a schema in an instance, depth first."""
    schema, document = _resolved(schema, document)
    if isinstance(instance, dict):
        for name, child in schema.get("properties", {}).items():
            if name not in instance:
                default = _default(child, document)
                if default is None:
                    continue
                instance[name] = copy.deepcopy(default[0])
            _fill(instance[name], child, document)
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            for name in instance.keys() - schema.get("properties", {}).keys():
                _fill(instance[name], extra, document)
    elif isinstance(instance, list) and "items" in schema:
        for item in instance:
            _fill(item, schema["items"], document)


def _default(schema, document):
    """The default of a schema as a one-element tuple, or None."""
    if "default" in schema:
        return (schema["default"],)
    resolved, _ = _resolved(schema, document)
    return (resolved["default"],) if "default" in resolved else None


def _resolved(schema, document):
    """Follow a $ref to (schema, name of its document); siblings of the $ref win."""
    if "$ref" not in schema:
        return schema, document
    name, _, pointer = schema["$ref"].partition("#")
    document = name or document
    target = _schema(document)
    for part in filter(None, pointer.split("/")):
        target = target[part]
    target, document = _resolved(target, document)
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}, document


def _cross_check(config, where):
    targets, models = config["targets"], config["models"]
    _check_processing(config["processing"], where)
    model = config["inference"].get("model")
    if model is None and models:
        fitting = (
            name
            for name, settings in models.items()
            if settings["recipe"] == config["recipe"] and "resolution_m" not in settings
        )
        model = config["inference"]["model"] = next(fitting, next(iter(models)))
    if model is not None and model not in models:
        raise InputError(where, f"inference.model: no model '{model}'", f"models has: {', '.join(models) or 'none'}")
    for name, target in targets.items():
        if target.get("model", model) not in (*models, None):
            found = f"targets.{name}.model: no model '{target['model']}'"
            raise InputError(where, found, f"models has: {', '.join(models) or 'none'}")
    # Of a certain seed or not.
    asked = {"evaluation.models": [re.sub("-s[0-9]+$", "", name) for name in config["evaluation"]["models"]]}
    for question, about in config["comparison"]["questions"].items():
        asked[f"comparison.questions.{question}.models"] = about["models"]
        sun_aware = [name for name in about["models"] if name in models and is_sun_aware(models[name])]
        if "sun" in about["tables"] and not (sun_aware and config["comparison"]["sun_offsets_deg"]):
            found = f"comparison.questions.{question}.tables: sun, but no model is Sun-aware, or there is no offset"
            raise InputError(where, found, "give comparison.sun_offsets_deg and such a model, or leave the table out")
    for key, names in asked.items():
        for name in names:
            if name not in models:
                raise InputError(where, f"{key}: no model '{name}'", f"models has: {', '.join(models)}")
    rules = {"all", "evaluation", "provenance", "benchmark_set", "isisdata", "coarse", "comparison"}
    rules |= {f"comparison_{question}" for question in config["comparison"]["questions"]}
    if clash := set(targets) & rules:
        raise InputError(where, f"targets: '{clash.pop()}' is the name of a rule", "rename the target")
    devices = config["training"]["devices"]
    trained = {name: settings for name, settings in models.items() if "architecture" in settings}
    for name, settings in trained.items():
        try:
            check_architecture(settings)
            check_batch_size(settings["batch_size"], 1 if devices == "auto" else devices)
        except InputError as error:
            raise InputError(f"{where}: models.{name}", str(error)) from None
    if trained and not any(target.get("role") == "train" for target in targets.values()):
        raise InputError(where, "targets: none has role train", "give one, or give the model a checkpoint")
    for name, target in targets.items():
        first, last = target.get("search", {}).get("dates", ("", ""))
        if first > last:
            raise InputError(where, f"targets.{name}.search.dates: {first} is after {last}", "turn them round")
        for key in ("edrs", "cubes"):
            products = [product_of(path) for path in target.get(key, [])]
            if len(set(products)) < len(products):
                raise InputError(where, f"targets.{name}.{key}: two files of one product", "keep one of them")
        if "simulate" in target:
            scene = {**config["simulation"], **target["simulate"]}
            path = scene.pop("path")
            if path == "direct" and config["processing"]["photometry"]:
                raise InputError(
                    where,
                    f"targets.{name}.simulate.path: images of the direct path are not normalised",
                    "use sensor, or leave processing.photometry out",
                )
            SceneSettings.from_mapping(scene, f"{where}: targets.{name}.simulate")
        images = [image["product"] for image in target.get("simulate", {}).get("images", [])]
        if len(set(images)) < len(images):
            raise InputError(where, f"targets.{name}.simulate.images: a product twice", "give each image its own id")
        check_mosaic(config, name, where)
        labelled = "simulate" in target or "labels" in target
        if target.get("role") in LABELLED_ROLES and not labelled:
            raise InputError(where, f"targets.{name}: role {target['role']} without labels", "add the key labels")


def _check_processing(processing, where):
    if (processing["darks"] == "custom") != (processing["dark_file"] is not None):
        raise InputError(where, "processing: darks: custom and dark_file go together", "give both, or neither of them")
    if processing["engine"] == "isis":
        if processing["resampling"] == "antialiased":
            raise InputError(where, "processing.resampling: ISIS has no antialiased one", "use cubic")
        if processing["keep_calibrated"]:
            raise InputError(where, "processing.keep_calibrated: is the native engine's", "use isis.keep_intermediates")
        if processing["shape_model"]:
            raise InputError(
                where, "processing.shape_model: is the native engine's", "use processing.isis.shape and its shape_model"
            )


def product_of(path):
    """Product id that a file is named by: its name up to the first dot."""
    return Path(path).name.split(".")[0]
