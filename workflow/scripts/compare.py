"""Compare models in tables and figures."""

from pathlib import Path

from imfmap.core.texts import from_page
from imfmap.run.job import job
from imfmap.scoring.comparison import write_comparison

with job(snakemake):
    write_comparison(
        snakemake.params.models,
        snakemake.output.csv,
        snakemake.output.markdown,
        snakemake.output.html,
        Path(snakemake.output.figures),
        labels=snakemake.params.labels,
        title=from_page(snakemake.params.title),
    )
