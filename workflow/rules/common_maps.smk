"""What the rules of maps share: the mapped floor, small print, coarser maps, and the products of a target."""

from functools import partial
from pathlib import Path

from imfmap.core.choices import WAC
from imfmap.core.texts import for_page
from imfmap.products import product_files
from imfmap.run import model_choice, target_choice


def boundary_file(wildcards):
    """Mapped floor and melt ponds of a target, if there are any."""
    name = origin(wildcards.target)
    if "simulate" in TARGETS[name]:
        return f"{RUN}/{name}/simulated/boundary.gpkg"
    return user_file(TARGETS[name]["boundary"]) if "boundary" in TARGETS[name] else []


def target_title(target):
    """Title of a target, without signs of HTML; scripts take it by `from_page`."""
    return for_page(TARGETS[target].get("title", target))


def title_of(wildcards):
    """Title of a job's target; see `target_title`."""
    return target_title(wildcards.target)


def footer_of(wildcards):
    """Small print of a target's map, without signs of HTML."""
    return for_page(model_choice.map_footer(config, wildcards.target))


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


def wanted_of(target):
    """Entries of a target's files, as far as the config asks for them."""
    holds = {product_files.BOUNDARY: has_boundary(target), product_files.TRUTH: has_truth(target)}
    return product_files.wanted(config["products"], [condition for condition, true in holds.items() if true])


def products_of(target):
    """Files of a target that its catalogue names."""
    return [f"{RUN}/{target}/{file.known_by}" for file in wanted_of(target) if file.roles]


def map_of(target):
    """All files that a target's own rule asks for."""
    return [f"{RUN}/{target}/{file.known_by}" for file in wanted_of(target)]


def run_catalog():
    return [f"{RUN}/catalog.json"] if config["products"]["stac"] and targets_with_role("map") else []


def merged_fractures():
    return [f"{RUN}/fractures.gpkg"] if targets_with_role("map") else []


def base_map(wildcards):
    """The raster below the overview of a target, if there is one: the user's, or USGS's."""
    given = TARGETS[wildcards.target].get("base_map")
    return rules.fetch_base_map.output[0] if given == WAC else given_file(given)


def existing_labels():
    """Label files that are there already."""
    return [user_file(path) for path in drawn_labels().values() if Path(path).exists()]
