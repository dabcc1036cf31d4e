"""Outlines of a target's images."""

from imfmap.maps.image_outlines import image_outlines
from imfmap.maps.vectors import write_vector
from imfmap.run.job import job

with job(snakemake):
    write_vector(snakemake.output[0], {"footprints": image_outlines(snakemake.input)})
