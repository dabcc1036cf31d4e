"""Input functions of everything that needs the mapped floor."""


def boundary_file(wildcards):
    """Mapped floor and melt ponds of a target, if there are any."""
    name = origin(wildcards.target)
    if "simulate" in TARGETS[name]:
        return f"{RUN}/{name}/simulated/boundary.gpkg"
    return user_file(TARGETS[name]["boundary"]) if "boundary" in TARGETS[name] else []
