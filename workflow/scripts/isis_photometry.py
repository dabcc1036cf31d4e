"""Photometric normalisation: lronacpho."""

from imfmap.isis import commands
from imfmap.isis.steps import change_cube
from imfmap.jobs import job

with job(snakemake):
    model, isis = snakemake.input.model, snakemake.params.isis
    change_cube(
        lambda cube, out: commands.photometry(cube, out, model, isis), snakemake.input.cube, snakemake.output[0]
    )
