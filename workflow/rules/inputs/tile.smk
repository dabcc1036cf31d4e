"""Input functions of the tiles."""


def truth_raster(wildcards):
    """Exact classes of a simulated target."""
    target = origin(wildcards.target)
    return f"{RUN}/{target}/simulated/truth.tif" if has_truth(target) else []


def tile_image(wildcards):
    """Image that tiles are cut from. From a finished mosaic of recipe paper, they are cut from the mosaic itself."""
    if wildcards.recipe == "paper" and wildcards.target in targets_taken_in():
        return f"{RUN}/{wildcards.target}/mosaic.tif"
    return f"{RUN}/{wildcards.target}/projected/{wildcards.product}.tif"
