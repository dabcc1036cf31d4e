"""List the faults of drawn labels, feature by feature."""

from imfmap.labels.checks import check_files
from imfmap.run.job import job

with job(snakemake):
    check_files(snakemake.params.drawn, snakemake.output[0])
