"""Which targets of a run go which way: chosen by their source, their role, and the recipe.

All functions take the completed configuration (`config.complete.complete`). They return names in the order of its
targets.
"""


def with_source(config: dict, *sources: str) -> list[str]:
    """Targets that have one of these keys: search, products, edrs, cubes, mosaic, simulate, labels, coarse_of."""
    return [name for name, target in config["targets"].items() if any(source in target for source in sources)]


def with_role(config: dict, *roles: str) -> list[str]:
    """Targets of one of these roles: train, validation, test, map."""
    return [name for name, target in config["targets"].items() if target.get("role") in roles]


def origin(config: dict, target: str) -> str:
    """Name of the target whose ground a coarser target shows; any other target is its own origin."""
    return config["targets"][target].get("coarse_of", target)


def averaged(config: dict) -> list[str]:
    """Coarser targets whose images are averaged from the images of their origin."""
    return [name for name in with_source(config, "coarse_of") if "mosaic" not in config["targets"][name]]


def simulated(config: dict, path: str) -> list[str]:
    """Simulated targets whose images are made by one path: sensor (as EDRs) or direct (on the map)."""
    return [name for name in with_source(config, "simulate") if config["targets"][name]["simulate"]["path"] == path]


def with_edrs(config: dict) -> list[str]:
    """Targets whose images are EDRs, from the archive, from the user or from the simulated sensor."""
    return [*with_source(config, "edrs", "products", "search"), *simulated(config, "sensor")]


def taken_in(config: dict) -> list[str]:
    """Targets whose mosaic is a finished one as it is.

    Recipe sun_aligned treats a finished mosaic as an image under one Sun, so it has no such targets.
    """
    return with_source(config, "mosaic") if config["recipe"] == "paper" else []


def mosaicked(config: dict, engine: str) -> list[str]:
    """Targets whose mosaic an engine (native or isis) makes.

    Images that exist only on the map (simulated there, averaged, or a finished mosaic) are no cubes. The native engine
    mosaics them in every run.
    """
    images = [*with_edrs(config), *with_source(config, "cubes")] if config["processing"]["engine"] == engine else []
    if engine != "native":
        return images
    mosaics = with_source(config, "mosaic") if config["recipe"] == "sun_aligned" else []
    return [*simulated(config, "direct"), *averaged(config), *mosaics, *images]


def calibrated_kept(config: dict, *targets: str) -> list[str]:
    """Those of some targets whose calibrated images the configuration asks to keep (native engine)."""
    if not config["processing"]["keep_calibrated"]:
        return []
    others = {*simulated(config, "direct"), *with_source(config, "mosaic", "coarse_of")}
    return [name for name in targets if name not in others]


def to_learn(config: dict, resolution_m: float | None, *roles: str) -> list[str]:
    """Targets of these roles that a model learns from or is tested on.

    Parameters
    ----------
    config : dict
    resolution_m : float or None
        Resolution (m/px) that the model asks for. None: the targets as the configuration gives them.
    *roles : str
    """
    targets = config["targets"]
    return [
        name
        for name in with_role(config, *roles)
        if (targets[name]["resolution_m"] == resolution_m if resolution_m else origin(config, name) == name)
    ]


def scored(config: dict) -> list[str]:
    """Targets that models are compared on: their truth is known, and training has not seen them."""
    return [name for name in with_source(config, "simulate") if name in with_role(config, "validation", "test", "map")]


def mapped(config: dict, asked: list[str]) -> list[str]:
    """Targets that a command line maps.

    Parameters
    ----------
    config : dict
    asked : list of str
        What the command line asks for: names of rules and files. Nothing stands for the rule all.
    """
    names = [name for name in asked if name in config["targets"]]
    return [*(with_role(config, "map") if not asked or "all" in asked else ()), *names]


def has_truth(config: dict, target: str) -> bool:
    """Whether the exact fractures of a target are known, since its ground is simulated."""
    return "simulate" in config["targets"][origin(config, target)]


def has_boundary(config: dict, target: str) -> bool:
    """Whether the floor of a target is mapped."""
    return has_truth(config, target) or "boundary" in config["targets"][origin(config, target)]


def coarse_maps(config: dict, target: str) -> dict[str, str]:
    """Targets that show one target through finer and coarser pixels, and the words that a figure has for each."""
    fine_m, coarse_m = config["targets"][target]["resolution_m"], config["coarse"]["resolution_m"]
    maps = {target: f"{fine_m:g} m/px", f"{target}_coarse": f"{coarse_m:g} m/px"}
    if f"{target}_retrained" in config["targets"]:
        maps[f"{target}_retrained"] = f"{coarse_m:g} m/px, retrained"
    return maps
