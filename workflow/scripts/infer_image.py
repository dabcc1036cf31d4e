"""Compute the probability of fractures in one image."""

from imfmap.inference.infer import infer_image
from imfmap.run.job import job

with job(snakemake):
    infer_image(
        snakemake.input.checkpoint,
        snakemake.input.image,
        snakemake.output[0],
        snakemake.config["inference"] | snakemake.params.inference,
        threads=snakemake.threads,
    )
