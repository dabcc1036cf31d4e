"""Mosaic of the images of a target: equalizer, if their brightness is to match, and automos."""

from imfmap.engines.isis.equalizing import of_one_brightness
from imfmap.engines.isis.steps import lay_mosaic
from imfmap.run.job import job

with job(snakemake):
    out, chosen = snakemake.output, snakemake.params
    with of_one_brightness(snakemake.input, chosen.products, out.mosaic[0], chosen.brightness, out.equalized) as cubes:
        lay_mosaic(cubes, out.mosaic[0], chosen.priority)
