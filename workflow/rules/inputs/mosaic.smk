"""Input functions of the mosaic, and the images of a target."""

from imfmap.engines.isis import commands as isis_commands
from imfmap.run import target_choice


def target_images(wildcards):
    """Projected images of a target; none if its configuration names a finished mosaic."""
    return [] if "mosaic" in TARGETS[wildcards.target] else of_each_image("projected/{product}.tif")(wildcards)


def sheet_images(wildcards):
    """Images whose Sun the figure sheets show: those that a target's mosaic was made of."""
    return [] if wildcards.target in targets_taken_in() else of_each_image("projected/{product}.tif")(wildcards)


def cubes_to_mosaic(wildcards):
    """Input of automos: the projected cubes, or the folder of those of equal brightness."""
    if config["processing"]["mosaic"]["brightness"] == "none":
        return of_each_image("isis/{product}.map.cub")(wildcards)
    return f"{RUN}/{wildcards.target}/isis/equalized"


def isis_mosaic_cubes():
    """Output of automos: the mosaic, and for some priorities the source image of each pixel."""
    cube = f"{RUN}/{{target}}/isis/mosaic.cub"
    tracked = isis_commands.tracks(config["processing"]["mosaic"]["priority"])
    return [intermediate(cube), *([intermediate(str(isis_commands.tracking_cube(cube)))] if tracked else [])]
