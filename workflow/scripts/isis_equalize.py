"""One brightness for the images of a target: equalizer."""

from imfmap.isis.steps import equalize
from imfmap.jobs import job

with job(snakemake):
    equalize(snakemake.input, snakemake.params.products, snakemake.output[0], snakemake.params.brightness)
