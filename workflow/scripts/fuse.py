"""One probability on the map out of those of all images."""

from imfmap.inference.fusion import fuse
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    grid = target_grid(snakemake.params.place)
    fuse(snakemake.input.probabilities, snakemake.input.images, snakemake.output[0], grid)
