"""Write predicted fractures as draft labels, for a person to correct."""

from imfmap.fractures.draft_labels import write_as_labels
from imfmap.maps.vectors import read_vector
from imfmap.run.job import job

with job(snakemake):
    write_as_labels(
        read_vector(snakemake.input[0], "fractures"),
        snakemake.output[0],
        snakemake.params.width_px,
        snakemake.params.resolution_m,
    )
