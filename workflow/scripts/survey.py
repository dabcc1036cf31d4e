"""List the images of a target that are left out, and why."""

from imfmap.run.job import job
from imfmap.run.left_out import write_left_out

with job(snakemake):
    write_left_out(dict(zip(snakemake.params.products, snakemake.input, strict=True)), snakemake.output[0])
