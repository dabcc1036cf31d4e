"""Write the STAC collection of a target."""

from imfmap.core.checksums import listed_folder
from imfmap.core.texts import from_page
from imfmap.products.stac import StacText, write_collection
from imfmap.run.job import job

with job(snakemake):
    title, description = (from_page(snakemake.params[name]) for name in ("title", "description"))
    text = StacText(snakemake.wildcards.target, title, description, tuple(snakemake.params.producers))
    files = snakemake.input
    products = list(map(listed_folder, files.products))
    write_collection(snakemake.output[0], text, products, files.images, files.probabilities)
