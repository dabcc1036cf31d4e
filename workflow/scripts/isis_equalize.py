"""Matching of brightness among the images of a target: equalizer."""

from imfmap.engines.isis.equalizing import equalize
from imfmap.run.job import job

with job(snakemake):
    equalize(snakemake.input, snakemake.params.products, snakemake.output[0], snakemake.params.brightness)
