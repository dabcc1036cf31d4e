"""The coarser targets that the key ``coarse`` of a configuration adds.

Le Corre et al. (2025, section 4.5) look at their mosaics at the 6 m/px of BepiColombo's SIMBIO-SYS at Mercury, with the
network that was trained at 1.5 m/px. They name training from scratch at 6 m/px as the next step.
"""

from pathlib import Path

from ..core.errors import InputError
from .config.target import SOURCES

# The images of a coarse target are averaged from those of its origin. Only a finished mosaic is read again.
_LEFT_OUT = tuple(source for source in SOURCES if source != "mosaic")


def coarse_targets(config: dict, where: str | Path) -> dict:
    """Return the targets that the key ``coarse`` of a configuration adds.

    Parameters
    ----------
    config : dict
        A complete configuration.
    where : str or Path
        Named in messages.

    Returns
    -------
    dict
        Settings of targets by name; the key ``coarse_of`` names the target that each shows. Every target with a role
        gets a ``<target>_coarse`` at the coarse resolution. For a target of role ``map`` it has no role, so that it
        is made only if the rule coarse asks for it. If ``coarse.model`` names a model that is trained at that
        resolution, each target of role ``map`` also gets a ``<target>_retrained``, which this model maps.

    Raises
    ------
    InputError
        If a name is taken, ``coarse.resolution_m`` is not coarser than a target, or the model does not exist or has
        another recipe or resolution.
    """
    settings = config.get("coarse")
    if not settings:
        return {}
    resolution_m, model = settings["resolution_m"], settings.get("model")
    if model is not None:
        _check_model(config, model, resolution_m, where)
    made = {}
    for name, target in config["targets"].items():
        if "role" not in target:
            continue
        if resolution_m <= target["resolution_m"]:
            found = f"coarse.resolution_m: {resolution_m:g} is not coarser than the resolution_m of target {name}"
            raise InputError(where, found, f"give more than {target['resolution_m']:g}")
        title = f"{target.get('title', name)}, {resolution_m:g} m/px"
        kept = {key: value for key, value in target.items() if key not in _LEFT_OUT}
        coarse = {**kept, "title": title, "resolution_m": resolution_m, "coarse_of": name}
        if target["role"] == "map":
            del coarse["role"]
            if model is not None:
                made[f"{name}_retrained"] = {**coarse, "model": model, "title": f"{title}, retrained"}
        made[f"{name}_coarse"] = coarse
    if clash := sorted(set(made) & set(config["targets"])):
        raise InputError(where, f"targets: '{clash[0]}' is the name of a coarse map", "rename the target")
    return made


def _check_model(config, model, resolution_m, where):
    known = config["models"]
    if model not in known:
        raise InputError(where, f"coarse.model: no model '{model}'", f"models has: {', '.join(known) or 'none'}")
    if known[model]["recipe"] != config["recipe"]:
        found = f"coarse.model: '{model}' is of recipe {known[model]['recipe']}"
        raise InputError(where, found, f"choose one of recipe {config['recipe']}, as the run")
    if "architecture" in known[model] and known[model].get("resolution_m") != resolution_m:
        found = f"coarse.model: '{model}' is trained at another resolution"
        raise InputError(where, found, f"give it resolution_m: {resolution_m:g}")
