"""Photometric normalisation: lronacpho."""

from imfmap import isis
from imfmap.jobs import job

with job(snakemake):
    isis.run("lronacpho", from_=snakemake.input[0], to=snakemake.output[0], phopar=snakemake.params.parameters)
    isis.check_cube(snakemake.output[0], "lronacpho")
