"""Write a table of what a simulated set holds."""

import json
from pathlib import Path

from imfmap.run.job import job
from imfmap.scoring.benchmark_set import summary_table, write_summary

with job(snakemake):
    table = summary_table([json.loads(Path(path).read_text()) for path in snakemake.input])
    write_summary(table, snakemake.output.csv, snakemake.output.markdown)
