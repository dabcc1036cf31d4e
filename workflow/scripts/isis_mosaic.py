"""Mosaic of the images of a target: equalizer, if their brightness is to match, and automos."""

from pathlib import Path

from imfmap.engines.isis.equalizing import of_one_brightness
from imfmap.engines.isis.steps import lay_mosaic
from imfmap.run.job import job

with job(snakemake):
    mosaic, chosen = Path(snakemake.output.mosaic[0]), snakemake.params
    folder, keep = mosaic.with_name("equalized"), bool(snakemake.output.equalized)
    with of_one_brightness(snakemake.input, chosen.products, folder, chosen.brightness, keep) as cubes:
        lay_mosaic(cubes, mosaic, chosen.priority)
