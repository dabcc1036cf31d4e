"""Write the mosaic of automos as an 8-bit picture, and which image each pixel came from."""

from imfmap.engines.isis.mosaics import export_mosaic
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    export_mosaic(
        snakemake.input.cubes[0],
        target_grid(snakemake.params.place),
        dict(zip(snakemake.params.products, snakemake.input.images, strict=True)),
        snakemake.output.mosaic,
        snakemake.output.sources,
        snakemake.params.mosaic,
    )
