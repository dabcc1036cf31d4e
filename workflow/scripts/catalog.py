"""Write the STAC catalogue of a run."""

from pathlib import Path

from imfmap.products.stac import write_catalog
from imfmap.run.job import job

with job(snakemake):
    collections = [Path(files).with_name("collection.json") for files in snakemake.input]
    write_catalog(snakemake.output[0], snakemake.params.run, collections)
