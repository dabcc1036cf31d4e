"""Average one image to coarser pixels."""

from imfmap.maps.target_grid import target_grid
from imfmap.mosaic.average import average_image
from imfmap.run.job import job

with job(snakemake):
    average_image(snakemake.input[0], target_grid(snakemake.params.place), snakemake.output[0])
