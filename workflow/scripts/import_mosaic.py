"""A finished mosaic, as one of this workflow's own."""

from imfmap.jobs import job
from imfmap.mosaic_import import import_mosaic
from imfmap.targets import target_grid

with job(snakemake):
    import_mosaic(
        snakemake.input[0],
        target_grid(snakemake.params.place),
        snakemake.output.mosaic,
        snakemake.output.sources,
        snakemake.params.stretch,
    )
