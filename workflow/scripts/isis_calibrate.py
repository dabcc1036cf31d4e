"""Radiometric calibration to I/F: lronaccal."""

from imfmap.engines.isis import commands
from imfmap.engines.isis.darks import check_darks
from imfmap.engines.isis.steps import change_cube
from imfmap.run.job import job

with job(snakemake):
    steps = snakemake.params.steps
    check_darks(snakemake.input.cube, steps)
    change_cube(lambda cube, out: commands.calibrate(cube, out, steps), snakemake.input.cube, snakemake.output[0])
