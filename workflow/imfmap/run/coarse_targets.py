"""Targets at another resolution than the run's: those that the key ``coarse`` of a configuration stands for.

Le Corre et al. (2025, section 4.5) look at their mosaics at the 6 m/px of BepiColombo's SIMBIO-SYS at Mercury, with the
network that was trained at 1.5 m/px, and name training from scratch at 6 m/px as the next step.
"""

from ..core.errors import InputError
from .config.target import SOURCES

# A coarse target is averaged out of the images of another; a finished mosaic it takes itself.
_LEFT_OUT = tuple(source for source in SOURCES if source != "mosaic")


def coarse_targets(config, where):
    """Targets that the key ``coarse`` of a configuration stands for.

    Parameters
    ----------
    config : dict
        A complete configuration.
    where : str or Path
        Named in messages.

    Returns
    -------
    dict
        ``<target>_coarse`` of every target with a role, at the coarse resolution: those to map for the run's own
        model, without a role, so that only ``coarse`` asks for them; and, where ``coarse.model`` names a model to
        train at that resolution, ``<target>_retrained`` of those to map for it. ``coarse_of`` says of which target.

    Raises
    ------
    InputError
        Where a name is taken, or the model is none of the run's recipe and resolution.
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
            found = f"coarse.resolution_m: {resolution_m:g} is no coarser than target {name}'s"
            raise InputError(where, found, f"give more than {target['resolution_m']:g}")
        title = f"{target.get('title', name)}, {resolution_m:g} m/px"
        kept = {key: value for key, value in target.items() if key not in _LEFT_OUT}
        coarse = {**kept, "title": title, "resolution_m": resolution_m, "coarse_of": name}
        if target["role"] == "map":
            del coarse["role"]
            if model is not None:
                made[f"{name}_retrained"] = {**coarse, "model": model, "title": f"{title}, trained at it"}
        made[f"{name}_coarse"] = coarse
    if clash := sorted(set(made) & set(config["targets"])):
        raise InputError(where, f"targets: '{clash[0]}' is what the coarse map is called", "rename the target")
    return made


def _check_model(config, model, resolution_m, where):
    known = config["models"]
    if model not in known:
        raise InputError(where, f"coarse.model: no model '{model}'", f"models has: {', '.join(known) or 'none'}")
    if known[model]["recipe"] != config["recipe"]:
        found = f"coarse.model: '{model}' is of recipe {known[model]['recipe']}"
        raise InputError(where, found, f"the run's is {config['recipe']}")
    if "architecture" in known[model] and known[model].get("resolution_m") != resolution_m:
        found = f"coarse.model: '{model}' is trained at another resolution"
        raise InputError(where, found, f"give it resolution_m: {resolution_m:g}")
