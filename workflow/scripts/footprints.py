"""Outlines of a target's images."""

from imfmap.jobs import job
from imfmap.outlines import image_outlines
from imfmap.vectors import write_vector

with job(snakemake):
    write_vector(snakemake.output[0], {"footprints": image_outlines(snakemake.input)})
