"""Tiles of one image with their masks."""

from imfmap.jobs import job
from imfmap.tiles import cut_tiles

with job(snakemake):
    settings, training = snakemake.params.tiles, snakemake.params.training
    cut_tiles(
        snakemake.input.image,
        snakemake.input.labels,
        snakemake.output[0],
        snakemake.wildcards.recipe,
        settings["size_px"],
        settings["overlap"] if training else 0.0,
        rotate=training,
        truth_path=snakemake.input.truth or None,
        target=snakemake.wildcards.target,
        min_valid_fraction=settings["min_valid_fraction"],
    )
