"""Numbers of a target as tables: of each fracture, and of all."""

import json
from pathlib import Path

from imfmap.exports import write_fracture_table, write_statistics
from imfmap.jobs import job
from imfmap.vectors import read_vector

with job(snakemake):
    write_fracture_table(snakemake.output.fractures, read_vector(snakemake.input.fractures, "fractures"))
    write_statistics(snakemake.output.statistics, json.loads(Path(snakemake.input.summary).read_text()))
