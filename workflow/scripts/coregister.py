"""Lay a projected image on the reference image of its target."""

from imfmap.maps.target_grid import target_grid
from imfmap.mosaic.coregistration import coregister
from imfmap.run.job import job
from imfmap.run.left_out import read_mark

with job(snakemake):
    reference = snakemake.input.reference or None
    coregister(
        snakemake.input.image,
        # The reference image itself has none. If it is left out, the other images stay where they are.
        None if reference is None or read_mark(reference) else reference,
        snakemake.output[0],
        target_grid(snakemake.params.place),
        snakemake.params.limit_m,
    )
