"""Product table of a target whose products are named."""

from imfmap.archive import locate
from imfmap.jobs import job
from imfmap.rasters import replacing

with job(snakemake), replacing(snakemake.output.table) as table:
    locate(snakemake.params.products, snakemake.params.acquisition).to_csv(table, index=False)
