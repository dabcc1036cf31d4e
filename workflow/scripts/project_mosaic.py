"""Take a finished mosaic under one Sun as one image on the map."""

from imfmap.maps.target_grid import target_grid
from imfmap.mosaic.imported import mosaic_as_image
from imfmap.run.job import job

with job(snakemake):
    mosaic_as_image(
        snakemake.input[0],
        target_grid(snakemake.params.place),
        snakemake.output[0],
        snakemake.wildcards.product,
        **snakemake.params.sun,
    )
