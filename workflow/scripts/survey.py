"""Which images of a target are left out, and why."""

from imfmap.run.job import job
from imfmap.run.left_out import survey

with job(snakemake):
    survey(dict(zip(snakemake.params.products, snakemake.input, strict=True)), snakemake.output[0])
