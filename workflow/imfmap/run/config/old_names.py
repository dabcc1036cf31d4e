"""Former names in a configuration, and the names that replace them."""

from pathlib import Path

from ...core.choices import OLD_RECIPES
from ...core.errors import InputError

# Former keys, and what to write instead.
OLD_KEYS = {
    ("augmentation", "imfmap"): "call it augmentation.sun_aligned",
    ("inference", "flips"): "list flips in inference.test_time_augmentation where you want them",
    (
        "inference",
        "rotations",
    ): "list rotations in inference.test_time_augmentation where you want them",
}


def refuse_old_names(config: dict, where: str | Path) -> None:
    """Refuse former names of keys and recipes.

    Parameters
    ----------
    config : dict
        Configuration as read from YAML, not checked yet.
    where : str or Path
        Named in messages.

    Raises
    ------
    InputError
        With the new name.
    """
    for (section, key), instead in OLD_KEYS.items():
        if key in _mapping(config.get(section)):
            raise InputError(where, f"{section}.{key}: is an old name", instead)
    models = _mapping(config.get("models")).items()
    named = {"recipe": config, **{f"models.{name}.recipe": _mapping(model) for name, model in models}}
    for path, holder in named.items():
        recipe = holder.get("recipe")
        if isinstance(recipe, str) and recipe in OLD_RECIPES:
            raise InputError(where, f"{path}: '{recipe}' is an old name", f"the recipe is called {OLD_RECIPES[recipe]}")


def _mapping(value):
    return value if isinstance(value, dict) else {}
