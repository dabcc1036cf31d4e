"""Models side by side: tables and figures."""

from pathlib import Path

from imfmap.comparison import write
from imfmap.jobs import job

with job(snakemake):
    write(
        snakemake.params.models,
        snakemake.output.csv,
        snakemake.output.markdown,
        snakemake.output.html,
        Path(snakemake.output.figures),
        labels=snakemake.params.labels,
        title=snakemake.params.title,
    )
