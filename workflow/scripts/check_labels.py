"""What is wrong with the labels that people drew, feature by feature."""

from imfmap.jobs import job
from imfmap.label_checks import check_files

with job(snakemake):
    check_files(snakemake.params.drawn, snakemake.output[0])
