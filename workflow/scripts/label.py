"""Write the labels of a target as polygons and mask: lines are buffered to the width of their class."""

from imfmap.core.errors import InputError
from imfmap.labels.reading import labels_to_polygons, read_labels, write_labels
from imfmap.labels.width_classes import CLASS_PIXEL_M
from imfmap.maps.rasters import read_grid
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    if not snakemake.input.labels:
        raise InputError(
            snakemake.params.drawn,
            "does not exist yet",
            "draw the labels (config/README.md, Labels) and save them there",
        )
    own_map = snakemake.input.own_map
    grid = read_grid(own_map) if own_map else target_grid(snakemake.params.place)
    labels = read_labels(snakemake.input.labels, grid.crs)
    polygons = labels_to_polygons(labels, snakemake.params.width_px, CLASS_PIXEL_M, grid.resolution_m)
    write_labels(snakemake.output[0], polygons, grid, snakemake.input.labels)
