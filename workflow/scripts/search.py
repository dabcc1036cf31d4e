"""Product table of a target, from a search of the archive."""

from imfmap.archive import search
from imfmap.jobs import job
from imfmap.rasters import replacing

with job(snakemake), replacing(snakemake.output.table) as table:
    search(snakemake.params.target, snakemake.params.acquisition).to_csv(table, index=False)
