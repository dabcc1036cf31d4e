"""Check a checkpoint that exists already, and use it."""

from imfmap.learning.models import adopt_checkpoint
from imfmap.run.job import job

with job(snakemake):
    params = snakemake.params
    adopt_checkpoint(snakemake.input[0], snakemake.output[0], params.input_scaling, params.stated)
