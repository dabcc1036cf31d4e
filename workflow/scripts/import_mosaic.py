"""A finished mosaic, as one of this workflow's own."""

from imfmap.jobs import job
from imfmap.mosaic_import import import_mosaic

with job(snakemake):
    import_mosaic(snakemake.input[0], snakemake.output.mosaic, snakemake.output.sources)
