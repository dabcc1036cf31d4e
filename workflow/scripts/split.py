"""Split tiles into training and validation."""

from imfmap.run.job import job
from imfmap.tiles.split import split_tiles

with job(snakemake):
    split_tiles(
        snakemake.input,
        snakemake.output[0],
        snakemake.params.validation_fraction,
        seed=snakemake.params.seed,
        split_by=snakemake.wildcards.split_by,
    )
