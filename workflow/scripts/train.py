"""Train one model on tiles, and write its best checkpoint."""

from imfmap.learning.models import STARTS
from imfmap.learning.train import train
from imfmap.run.job import job

# If several devices train together, the process of each imports this script.
if __name__ == "__main__":
    with job(snakemake):
        train(
            snakemake.input.tiles,
            snakemake.input.split,
            snakemake.output.checkpoint,
            snakemake.output.metrics,
            snakemake.output.curves,
            model=snakemake.params.model | {key: snakemake.input[key] or None for key in STARTS},
            training=snakemake.config["training"] | snakemake.params.training,
            augmentation=snakemake.params.augmentation,
            seed=snakemake.params.model["seed"],
        )
