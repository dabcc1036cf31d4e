"""One probability on the map out of those of all images."""

from imfmap.fusion import fuse
from imfmap.jobs import job
from imfmap.targets import target_grid

with job(snakemake):
    grid = target_grid(snakemake.params.place)
    fuse(snakemake.input.probabilities, snakemake.input.images, snakemake.output[0], grid)
