"""Which tiles train and which validate."""

from imfmap.jobs import job
from imfmap.splitting import split_tiles

with job(snakemake):
    split_tiles(
        snakemake.input,
        snakemake.output[0],
        snakemake.params.validation_fraction,
        seed=snakemake.params.seed,
        way=snakemake.wildcards.way,
    )
