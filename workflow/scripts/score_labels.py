"""Score the weak labels of a simulated scene against its truth."""

from imfmap.run.job import job
from imfmap.scoring.probability_scores import score_labels

with job(snakemake):
    score_labels(
        snakemake.input.image,
        snakemake.input.truth,
        snakemake.input.objects,
        snakemake.input.labels,
        snakemake.output[0],
        target=snakemake.wildcards.target,
        min_area_m2=snakemake.params.min_area_m2,
    )
