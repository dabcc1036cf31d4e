"""A finished mosaic as one image, under its one Sun."""

from imfmap.jobs import job
from imfmap.mosaic_import import mosaic_as_image
from imfmap.targets import target_grid

with job(snakemake):
    mosaic_as_image(
        snakemake.input[0],
        target_grid(snakemake.params.place),
        snakemake.output[0],
        snakemake.wildcards.product,
        **snakemake.params.sun,
    )
