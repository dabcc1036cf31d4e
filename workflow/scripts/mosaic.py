"""One 8-bit picture of a target, and which image each of its pixels came from."""

from imfmap.jobs import job
from imfmap.mosaic import mosaic
from imfmap.targets import target_grid

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
    )
