"""Mosaic of the images of a target: automos."""

from imfmap.engines.isis.steps import lay_mosaic, mosaic_inputs
from imfmap.run.job import job

with job(snakemake):
    cubes = mosaic_inputs(snakemake.input, snakemake.params.products)
    lay_mosaic(cubes, snakemake.output[0], snakemake.params.priority)
