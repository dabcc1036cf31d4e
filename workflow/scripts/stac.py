"""Write the STAC collection of a target."""

from imfmap.products.stac import StacText, write_collection
from imfmap.run.job import job

with job(snakemake):
    text = StacText(snakemake.wildcards.target, snakemake.params.title, snakemake.params.description)
    files = snakemake.input
    write_collection(snakemake.output[0], text, files.products, files.images, files.probabilities)
