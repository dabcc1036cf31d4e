"""Take, at each place, what a model found in the one image that the mosaic shows there."""

from pathlib import Path

from imfmap.inference.one_image import take_shown
from imfmap.run.job import job

with job(snakemake):
    probabilities = [Path(snakemake.input.alone).with_name(Path(image).name) for image in snakemake.input.images]
    take_shown(probabilities, snakemake.input.sources, snakemake.output[0])
