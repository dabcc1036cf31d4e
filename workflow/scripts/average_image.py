"""One image through coarser pixels."""

from imfmap.coarse import average_image
from imfmap.jobs import job
from imfmap.targets import target_grid

with job(snakemake):
    average_image(snakemake.input[0], target_grid(snakemake.params.place), snakemake.output[0])
