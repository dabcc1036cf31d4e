"""Compute the probability of fractures in a mosaic."""

from imfmap.inference.infer import infer_mosaic
from imfmap.run.job import job

with job(snakemake):
    infer_mosaic(
        snakemake.input.checkpoint,
        snakemake.input.mosaic,
        snakemake.output[0],
        snakemake.config["inference"] | snakemake.params.inference,
        threads=snakemake.threads,
    )
