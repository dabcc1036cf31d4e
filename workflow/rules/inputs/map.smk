"""Small print of maps, and input functions of their numbers."""

from imfmap.run import model_choice


def footer_of(wildcards):
    """Small print of a target's map."""
    return model_choice.map_footer(config, wildcards.target)


def distances_file(wildcards):
    """Distances from the wall, if the floor of a target is mapped."""
    return f"{RUN}/{wildcards.target}/distances.json" if has_boundary(wildcards.target) else []
