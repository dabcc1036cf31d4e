"""Compute the probability of fractures in each image of a target alone."""

from pathlib import Path

from imfmap.inference.infer import infer_image
from imfmap.run.job import job

with job(snakemake):
    folder = Path(snakemake.output[0])
    folder.mkdir(parents=True, exist_ok=True)
    for image in map(Path, snakemake.input.images):
        settings = snakemake.config["inference"] | snakemake.params.inference
        infer_image(snakemake.input.checkpoint, image, folder / image.name, settings, threads=snakemake.threads)
