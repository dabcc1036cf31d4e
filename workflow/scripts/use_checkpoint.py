"""A checkpoint that is there already, checked."""

from imfmap.jobs import job
from imfmap.models import adopt_checkpoint

with job(snakemake):
    adopt_checkpoint(snakemake.input[0], snakemake.output[0], snakemake.params.input_scaling)
