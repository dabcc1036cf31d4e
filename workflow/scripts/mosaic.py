"""Make the 8-bit mosaic of a target, and which image each pixel came from."""

from imfmap.maps.target_grid import target_grid
from imfmap.mosaic.build import mosaic
from imfmap.run.job import job

with job(snakemake):
    settings = snakemake.params.mosaic
    mosaic(
        snakemake.input,
        target_grid(snakemake.params.place),
        snakemake.output.mosaic,
        snakemake.output.sources,
        settings["priority"],
        settings["stretch"],
        settings["brightness"],
        snakemake.threads,
    )
