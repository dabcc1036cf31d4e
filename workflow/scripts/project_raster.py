"""Lay a raster of one image, or of a mosaic under one Sun, on the map."""

from imfmap.engines.map_projected import raster_to_map
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    raster_to_map(
        snakemake.input[0],
        target_grid(snakemake.params.place),
        snakemake.output[0],
        snakemake.wildcards.product,
        snakemake.params.known,
        snakemake.params.nodata,
        snakemake.params.min_valid_fraction,
    )
