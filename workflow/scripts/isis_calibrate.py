"""Radiometric calibration to I/F: lronaccal."""

from imfmap import isis
from imfmap.jobs import job

with job(snakemake):
    isis.run("lronaccal", from_=snakemake.input[0], to=snakemake.output[0], darkfiletype=snakemake.params.darks)
    isis.check_cube(snakemake.output[0], "lronaccal")
