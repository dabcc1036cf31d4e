"""Score one model on one target."""

from imfmap.labels.truth_classes import CLASSES
from imfmap.learning.evaluation import evaluate
from imfmap.run.job import job

with job(snakemake):
    evaluate(
        snakemake.input.checkpoint,
        snakemake.input.tiles,
        snakemake.output[0],
        target=snakemake.wildcards.target,
        role=snakemake.params.role,
        classes=CLASSES,
        batch_size=snakemake.params.batch_size,
        inference_batch_size=snakemake.config["inference"]["batch_size"],
        device=snakemake.config["inference"]["device"],
        precision=snakemake.params.precision,
        threshold=snakemake.params.threshold,
    )
