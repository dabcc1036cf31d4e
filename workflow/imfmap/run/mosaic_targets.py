"""Targets whose source is a finished mosaic: the check of their settings."""

from pathlib import Path

from ..core.errors import InputError


def check_mosaic(config: dict, name: str, where: str | Path) -> None:
    """Refuse a target with a finished mosaic that the configuration's models cannot use.

    Models of recipe sun_aligned, and models with ``sun_input``, need the direction of the mosaic's one Sun.

    Parameters
    ----------
    config : dict
        A configuration with its defaults.
    name : str
        Name of the target.
    where : str or Path
        Named in messages.

    Raises
    ------
    InputError
        If the Sun of the mosaic is needed and missing, or is given for a target without a mosaic.
    """
    target, recipe = config["targets"][name], config["recipe"]
    sun = [key for key in ("sun_azimuth_deg", "incidence_deg") if key in target]
    if "mosaic" not in target:
        if sun:
            found = f"targets.{name}.{sun[0]}: is only for targets with the key mosaic"
            raise InputError(where, found, "leave it out: the Sun of other images is known")
        return
    if recipe == "sun_aligned":
        if len(sun) < 2:
            raise InputError(
                where,
                f"targets.{name}.mosaic: recipe sun_aligned needs the direction of the mosaic's one Sun",
                "give sun_azimuth_deg and incidence_deg, or use recipe paper if its images have different Suns",
            )
        return
    used = {"train": [key for key, model in config["models"].items() if "architecture" in model]}
    used |= dict.fromkeys(("validation", "test"), config["evaluation"]["models"])
    for key in used.get(target.get("role"), ()):
        model = config["models"][key]
        if model.get("recipe", recipe) == "sun_aligned" or model.get("sun_input"):
            raise InputError(
                where,
                f"targets.{name}.mosaic: model {key} needs the Sun's direction, which tiles of a mosaic do not have",
                "use recipe sun_aligned for the run, or use only models of recipe paper without sun_input",
            )
