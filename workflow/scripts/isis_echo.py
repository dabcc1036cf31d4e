"""Echo correction: lronacecho."""

from imfmap.isis import commands
from imfmap.isis.steps import change_cube
from imfmap.jobs import job

with job(snakemake):
    change_cube(commands.echo, snakemake.input[0], snakemake.output[0])
