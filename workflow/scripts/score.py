"""A map against the truth of its simulated scene."""

from imfmap.run.job import job
from imfmap.scoring.map_scores import score_image

with job(snakemake):
    score_image(
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
