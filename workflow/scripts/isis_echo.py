"""Echo correction: lronacecho."""

from imfmap import isis
from imfmap.jobs import job

with job(snakemake):
    isis.run("lronacecho", from_=snakemake.input[0], to=snakemake.output[0])
    isis.check_cube(snakemake.output[0], "lronacecho")
