"""Radiometric calibration to I/F: lronaccal."""

from imfmap.engines.isis import commands
from imfmap.engines.isis.steps import change_cube
from imfmap.run.job import job

with job(snakemake):
    steps = snakemake.params.steps
    change_cube(lambda cube, out: commands.calibrate(cube, out, steps), snakemake.input[0], snakemake.output[0])
