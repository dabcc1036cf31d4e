"""Fuse the probabilities of all images into one on the map."""

from imfmap.inference.fusion import fuse
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    grid = target_grid(snakemake.params.place)
    fuse(snakemake.input.probabilities, snakemake.input.images, snakemake.output[0], grid)
