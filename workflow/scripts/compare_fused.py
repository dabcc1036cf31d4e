"""Fuse what a model found in each image alone into one probability on the map."""

from pathlib import Path

from imfmap.inference.fusion import fuse
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    grid = target_grid(snakemake.params.place)
    probabilities = [Path(snakemake.input.alone).with_name(Path(image).name) for image in snakemake.input.images]
    fuse(probabilities, snakemake.input.images, snakemake.output[0], grid)
