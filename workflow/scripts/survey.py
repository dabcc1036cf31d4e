"""Which images of a target are left out, and why."""

from imfmap.jobs import job
from imfmap.left_out import survey

with job(snakemake):
    survey(dict(zip(snakemake.params.products, snakemake.input, strict=True)), snakemake.output[0])
