"""The STAC collection of a target."""

from imfmap.jobs import job
from imfmap.stac import StacText, write_collection

with job(snakemake):
    text = StacText(snakemake.wildcards.target, snakemake.params.title, snakemake.params.description)
    files = snakemake.input
    write_collection(snakemake.output[0], text, files.products, files.images, files.probabilities)
