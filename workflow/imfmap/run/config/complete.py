"""The check of a configuration, and its completion with defaults."""

import copy
import datetime
from pathlib import Path

from pydantic import ValidationError

from ...core.choices import SHIPPED_MODELS
from ...core.errors import InputError
from ...core.extent import check_extent
from ...core.yamlfiles import read_yaml
from ...maps.bodies import true_scale_latitude
from ..coarse_targets import coarse_targets
from .checks import check_together
from .explain import explain, value_in_words
from .fields import ABSENT, Section
from .old_names import refuse_old_names
from .root import Config
from .sizes import check_sizes

# Folder of the models that come with the workflow.
_SHIPPED = Path(__file__).resolve().parents[4] / "resources"
_QUOTE_NAMES = "YAML reads unquoted numbers, days, null, yes, no, on and off as other values: quote or rename it"
# Keys of processing that a target may set for itself.
TARGETS_OWN = ("projection", "resolution_m", "standard_parallel_deg", "verify_md5")


def complete(config: dict, where: str | Path) -> dict:
    """Check a configuration and fill in its defaults.

    Parameters
    ----------
    config : dict
        Configuration as read from YAML.
    where : str or Path
        File of the configuration, named in messages.

    Returns
    -------
    dict
        A new, complete configuration. Its keys are sorted, and every target has a value for each key of `TARGETS_OWN`.

    Raises
    ------
    InputError
        On the first fault: file, key, what was found, what is allowed.
    """
    check_extent(config, where, _parts_of)
    config = _plain_values(config, where)
    checked = _checked(config, where)
    if checked.small is not ABSENT:
        # Both sizes are checked, whichever one the run makes.
        small = _checked(overridden(config, checked.small), f"{where} with its key small")
        checked = small if checked.size == "small" else checked
    config = _plain(checked)
    config.pop("small", None)
    for model in config["models"].values():
        if "shipped" in model:
            model["checkpoint"] = str(_SHIPPED / f"{model['shipped']}.pt")
            model.setdefault("recipe", SHIPPED_MODELS[model["shipped"]])
        # Published weights are the paper's, whatever the run's recipe.
        model.setdefault("recipe", "paper" if "zenodo" in model else config["recipe"])
    _choose_model(config)
    check_together(config, where)
    for name, target in config["targets"].items():
        for key in TARGETS_OWN:
            target.setdefault(key, config["processing"][key])
        try:
            true_scale_latitude(target["projection"], target["lat"], target["standard_parallel_deg"])
        except InputError as error:
            raise InputError(f"{where}: targets.{name}", str(error)) from None
    config["targets"] |= coarse_targets(config, where)
    check_sizes(config, where)
    # Keys are sorted, so that their order in the file changes no result.
    return _sorted(config)


def check_file(path: str | Path) -> None:
    """Refuse a configuration file that cannot be read, or that has a key twice in one mapping.

    Snakemake takes the last of two equal keys. Of most files that it cannot read, it does not tell the name.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    InputError
    """
    _refuse_without_keys(read_yaml(path), path)


def overridden(config: dict, overrides: dict) -> dict:
    """Return a configuration with other values: mappings are merged at every depth, other values are replaced.

    Parameters
    ----------
    config, overrides : dict
        A value of None in `overrides` deletes the key.

    Returns
    -------
    dict
        A new configuration.
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


def _checked(config, where):
    """Check each key of a configuration, and return the configuration as its model."""
    _refuse_without_keys(config, where)
    refuse_old_names(config, where)
    try:
        return Config.model_validate(config)
    except ValidationError as error:
        raise InputError(where, *explain(error.errors(include_url=False), Config)) from None


def _refuse_without_keys(config, where):
    if not isinstance(config, dict):
        raise InputError(where, "has no keys", "compare it with config/config.yaml")


def _choose_model(config):
    """If no model is named for the maps, set ``inference.model`` to the first model of the run's recipe."""
    models = config["models"]
    if models and "model" not in config["inference"]:
        fitting = (
            name
            for name, model in models.items()
            if model["recipe"] == config["recipe"] and "resolution_m" not in model
        )
        config["inference"]["model"] = next(fitting, next(iter(models)))


def _plain(value):
    """Return a model as new mappings and lists, without the keys that are absent."""
    if isinstance(value, Section):
        given = {name: _plain(item) for name, item in value.__dict__.items() if item is not ABSENT}
        return given | copy.deepcopy(value.model_extra or {})
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _parts_of(value):
    """Return the keys and values of a mapping, or the indices and items of a list."""
    if isinstance(value, dict):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple | set | frozenset) else ()


def _plain_values(value, where, above=()):
    """Return a value with its dates as text. (YAML reads unquoted days as dates.) Refuse other types."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                found = f"{_key_of(above)}: the name {value_in_words(key)} is not text"
                raise InputError(where, found, _QUOTE_NAMES)
        return {key: _plain_values(item, where, (*above, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain_values(item, where, (*above, index)) for index, item in enumerate(value)]
    if isinstance(value, datetime.date):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float):
        return value
    found = f"{_key_of(above)}: is a {type(value).__name__}, made by a tag such as !!set, !!binary or !!python"
    raise InputError(where, found, "write a text, a number, true, false, null, a list or a mapping")


def _key_of(above):
    return ".".join(map(str, above)) or "(top level)"


def _sorted(value):
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
