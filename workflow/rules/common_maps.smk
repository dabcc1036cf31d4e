"""What the rules of maps share: the mapped floor, small print, coarser maps, and the products of a target."""

from functools import partial

from imfmap.run import model_choice, target_choice


def boundary_file(wildcards):
    """Mapped floor and melt ponds of a target, if there are any."""
    name = origin(wildcards.target)
    if "simulate" in TARGETS[name]:
        return f"{RUN}/{name}/simulated/boundary.gpkg"
    return user_file(TARGETS[name]["boundary"]) if "boundary" in TARGETS[name] else []


def footer_of(wildcards):
    """Small print of a target's map."""
    return model_choice.map_footer(config, wildcards.target)


def distances_file(wildcards):
    """Distances from the wall, if the floor of a target is mapped."""
    return f"{RUN}/{wildcards.target}/distances.json" if has_boundary(wildcards.target) else []


coarse_maps = partial(target_choice.coarse_maps, config)


def coarse_files(wildcards, file):
    """A file of each map that shows a target through finer and coarser pixels."""
    return [f"{RUN}/{name}/{file}" for name in coarse_maps(wildcards.target)]


def true_folder(target, run=RUN):
    """Folder with the truth of a simulated target; None for any other."""
    return f"{run}/{target}/simulated" if "simulate" in TARGETS[target] else None


def truth_of(target):
    """Files with the truth of a simulated target."""
    return [f"{true_folder(target)}/truth.{suffix}" for suffix in ("tif", "gpkg")] if true_folder(target) else []


# Files of a target in its catalogue. Some are made only if a key of `products` in the configuration asks for them.
PRODUCT_FILES = {
    "mosaic.tif": None,
    "mosaic_sources.tif": None,
    "probability.tif": None,
    "fractures.gpkg": None,
    "fractures.shp": None,
    "fractures.geojson": None,
    "fractures.csv": None,
    "width_profiles.csv": None,
    "footprints.gpkg": None,
    "statistics.csv": None,
    "summary.json": None,
    "density.tif": None,
    "density.png": None,
    "density.pdf": None,
    "rose.png": None,
    "rose.pdf": None,
    "map.png": None,
    "map.pdf": None,
    "overview.png": "sheets",
    "overview.pdf": "sheets",
    "rejected.png": "sheets",
    "rejected.pdf": "sheets",
    "map.qgz": "qgis",
    "viewer": "viewer",
}


# Files of targets whose floor is mapped, and of targets whose truth is known.
DISTANCE_FILES = ("distances.png", "distances.pdf")
TRUTH_FILES = ("measures.csv", "measures.png", "measures.pdf")


def products_of(target):
    """Files of a target that the configuration asks for."""
    wanted = [name for name, key in PRODUCT_FILES.items() if key is None or config["products"][key]]
    wanted += DISTANCE_FILES if has_boundary(target) else ()
    wanted += TRUTH_FILES if has_truth(target) else ()
    return [f"{RUN}/{target}/{name}" for name in wanted]


def map_of(target):
    """All files that a target's own rule asks for."""
    return [*products_of(target), *([f"{RUN}/{target}/stac"] if config["products"]["stac"] else [])]


def run_catalog():
    return [f"{RUN}/catalog.json"] if config["products"]["stac"] and targets_with_role("map") else []
