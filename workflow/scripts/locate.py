"""Write the product table of a target, from product ids in the configuration or from a table that it names."""

import shutil

from imfmap.acquisition.search import locate
from imfmap.acquisition.table import write_table
from imfmap.core.files import replacing
from imfmap.run.job import job

with job(snakemake):
    if snakemake.input.table:
        with replacing(snakemake.output.table) as table:
            shutil.copyfile(snakemake.input.table, table)
    else:
        write_table(snakemake.output.table, locate(snakemake.params.products, snakemake.config["acquisition"]))
