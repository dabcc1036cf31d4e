"""Photometric normalisation: lronacpho."""

from imfmap.engines.isis import commands
from imfmap.engines.isis.steps import change_cube
from imfmap.run.job import job

with job(snakemake):
    model, isis = snakemake.input.model, snakemake.params.isis
    change_cube(
        lambda cube, out: commands.photometry(cube, out, model, isis), snakemake.input.cube, snakemake.output[0]
    )
