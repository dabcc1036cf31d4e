"""Import a finished mosaic in the form of this workflow's own mosaics."""

from imfmap.maps.target_grid import target_grid
from imfmap.mosaic.imported import import_mosaic
from imfmap.run.job import job

with job(snakemake):
    import_mosaic(
        snakemake.input[0],
        target_grid(snakemake.params.place),
        snakemake.output.mosaic,
        snakemake.output.sources,
        snakemake.params.stretch,
        snakemake.params.nodata,
    )
