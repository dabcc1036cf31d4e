"""Echo correction: lronacecho."""

from imfmap.engines.isis import commands
from imfmap.engines.isis.steps import change_cube
from imfmap.run.job import job

with job(snakemake):
    change_cube(commands.echo, snakemake.input[0], snakemake.output[0])
