"""Files of the comparison of finer and coarser pixels."""

from functools import partial

from imfmap.run import target_choice

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
