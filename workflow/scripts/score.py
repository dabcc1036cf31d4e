"""Score a map against the truth of its simulated scene."""

from imfmap.run.job import job
from imfmap.scoring.probability_scores import score_probability

with job(snakemake):
    score_probability(
        snakemake.input.probability,
        snakemake.input.mosaic,
        snakemake.input.truth,
        snakemake.input.objects,
        snakemake.input.labels,
        snakemake.output[0],
        snakemake.params.threshold,
        target=snakemake.wildcards.target,
        sources_path=snakemake.input.sources,
        shown_paths=snakemake.input.images,
        min_area_m2=snakemake.params.min_area_m2,
    )
