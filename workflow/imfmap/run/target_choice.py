"""Which targets of a run each step works on: chosen by their source, their role and the recipe.

All functions take the completed configuration (`config.complete.complete`). They return names in the order of its
targets.
"""

from ..core.choices import LABELLED_ROLES

# Where the images of a target come from.
_SOURCES = {
    "search": "images that a search of the archive finds",
    "products": "named images of the archive",
    "edrs": "EDRs of yours",
    "cubes": "cubes of yours",
    "projected": "map-projected images of yours",
    "mosaic": "a mosaic of yours",
    "simulate": "simulated",
}


def with_source(config: dict, *sources: str) -> list[str]:
    """Targets with one of these keys: a source of `config.target.SOURCES`, labels, coarse_of."""
    return [name for name, target in config["targets"].items() if any(source in target for source in sources)]


def with_role(config: dict, *roles: str) -> list[str]:
    """Return the targets with one of these roles: train, validation, test, map."""
    return [name for name, target in config["targets"].items() if target.get("role") in roles]


def origin(config: dict, target: str) -> str:
    """Return the target whose ground a coarse target shows at a coarser resolution; else the target itself."""
    return config["targets"][target].get("coarse_of", target)


def is_averaged(config: dict, target: str) -> bool:
    """Whether a target is a coarse one whose images are averaged from the images of its origin."""
    return "coarse_of" in config["targets"][target] and "mosaic" not in config["targets"][target]


def averaged(config: dict) -> list[str]:
    """Return the targets of which `is_averaged` is true."""
    return [name for name in config["targets"] if is_averaged(config, name)]


def fetches_images(config: dict, target: str) -> bool:
    """Whether the images of a target come from the archive."""
    return "products" in config["targets"][target] or "search" in config["targets"][target]


def simulated(config: dict, path: str) -> list[str]:
    """Return the simulated targets whose images are made by one path: sensor (as EDRs) or direct (on the map)."""
    return [name for name in with_source(config, "simulate") if config["targets"][name]["simulate"]["path"] == path]


def with_edrs(config: dict) -> list[str]:
    """Return the targets whose images are EDRs: from the archive, the user or the simulated sensor."""
    return [*with_source(config, "edrs", "products", "search"), *simulated(config, "sensor")]


def is_taken_in(config: dict, target: str) -> bool:
    """Whether a target uses a finished mosaic directly as its mosaic.

    Recipe sun_aligned treats a finished mosaic as one image under one Sun, so that it has no such targets.
    """
    return config["recipe"] == "paper" and "mosaic" in config["targets"][target]


def taken_in(config: dict) -> list[str]:
    """Return the targets of which `is_taken_in` is true."""
    return [name for name in config["targets"] if is_taken_in(config, name)]


def mosaicked(config: dict, engine: str) -> list[str]:
    """Return the targets whose mosaic an engine (native or isis) makes.

    Images that exist only on the map (simulated there, averaged, projected elsewhere, or a finished mosaic) are not
    cubes. The native engine mosaics them in every run.
    """
    images = [*with_edrs(config), *with_source(config, "cubes")] if config["processing"]["engine"] == engine else []
    if engine != "native":
        return images
    mosaics = with_source(config, "mosaic") if config["recipe"] == "sun_aligned" else []
    return [*simulated(config, "direct"), *averaged(config), *with_source(config, "projected"), *mosaics, *images]


def coregistered(config: dict) -> list[str]:
    """Return the targets whose images are moved onto the first one that they list."""
    chosen = config["processing"]["coregistration"]["images"]
    others = [*with_edrs(config), *with_source(config, "cubes"), *simulated(config, "direct")]
    return [
        *(with_source(config, "projected") if chosen != "none" else ()),
        *(others if chosen == "all" else ()),
    ]


def calibrated_kept(config: dict, *targets: str) -> list[str]:
    """Return those of the given targets whose calibrated images are to be kept (native engine)."""
    if not config["processing"]["keep_calibrated"]:
        return []
    others = {*simulated(config, "direct"), *with_source(config, "projected", "mosaic", "coarse_of")}
    return [name for name in targets if name not in others]


def to_learn(config: dict, resolution_m: float | None, *roles: str) -> list[str]:
    """Return the targets of these roles that a model learns from or is tested on.

    Parameters
    ----------
    config : dict
    resolution_m : float or None
        Resolution of the model (m/px). None: all targets but the coarse ones.
    *roles : str
    """
    targets = config["targets"]
    return [
        name
        for name in with_role(config, *roles)
        if (targets[name]["resolution_m"] == resolution_m if resolution_m else origin(config, name) == name)
    ]


def scored(config: dict) -> list[str]:
    """Return the targets that models are compared on: their truth is known, and no training uses them."""
    return [name for name in with_source(config, "simulate") if name in with_role(config, "validation", "test", "map")]


def mapped(config: dict, asked: list[str]) -> list[str]:
    """Return the targets that a command line maps.

    Parameters
    ----------
    config : dict
    asked : list of str
        What the command line asks for: names of rules and files. An empty list means the rule all.
    """
    names = [name for name in asked if name in config["targets"]]
    names += config.get("reproduction", {}).get("files", {}) if "reproduction" in asked else ()
    return [*(with_role(config, "map") if not asked or "all" in asked else ()), *names]


def has_truth(config: dict, target: str) -> bool:
    """Whether the exact fractures of a target are known, since its ground is simulated."""
    return "simulate" in config["targets"][origin(config, target)]


def has_boundary(config: dict, target: str) -> bool:
    """Whether the outline of a target's crater floor is known."""
    return has_truth(config, target) or "boundary" in config["targets"][origin(config, target)]


def coarse_maps(config: dict, target: str) -> dict[str, str]:
    """Return the targets that show one place at its finer and coarser resolution, and the label of each."""
    fine_m, coarse_m = config["targets"][target]["resolution_m"], config["coarse"]["resolution_m"]
    maps = {target: f"{fine_m:g} m/px", f"{target}_coarse": f"{coarse_m:g} m/px"}
    if f"{target}_retrained" in config["targets"]:
        maps[f"{target}_retrained"] = f"{coarse_m:g} m/px, retrained"
    return maps


def described(config: dict, target: str) -> str:
    """Return what a target is, in one line: its title, its source, and what the run does with it."""
    about = config["targets"][target]
    title = about.get("title", target)
    if "coarse_of" in about:
        return f"{title}, at {about['resolution_m']:g} m/px: the map, and all before it"
    source = next((words for key, words in _SOURCES.items() if key in about), "")
    role = about.get("role")
    use = f" (role {role})" if role in LABELLED_ROLES else ""
    return f"{title}, {source}: the map, and all before it{use}"


def images_named(target: dict, config: dict) -> int:
    """Return the number of images of a target that the configuration tells.

    Parameters
    ----------
    target, config : dict
        A target, and the completed configuration.

    Returns
    -------
    int
        For a search, the most that it may choose; 0 where a table lists the images, or where there are none.
    """
    if "search" in target:
        return target["search"].get("max_images", config["acquisition"]["max_images"])
    lists = [target.get(source) for source in ("products", "edrs", "cubes", "projected")]
    lists.append(target.get("simulate", {}).get("images"))
    return sum(len(images) for images in lists if isinstance(images, list))
