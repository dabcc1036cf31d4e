"""Predicted fractures in the form of drawn labels."""

from imfmap.jobs import job
from imfmap.label_drafts import write_as_labels
from imfmap.vectors import read_vector

with job(snakemake):
    write_as_labels(
        read_vector(snakemake.input[0], "fractures"),
        snakemake.output[0],
        snakemake.params.width_px,
        snakemake.params.resolution_m,
    )
