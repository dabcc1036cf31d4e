"""Cut one image into tiles with masks."""

from imfmap.run.job import job
from imfmap.tiles.tiles import cut_tiles, tiling

with job(snakemake):
    cut_tiles(
        snakemake.input.image,
        snakemake.input.labels,
        snakemake.output[0],
        snakemake.wildcards.recipe,
        **tiling(snakemake.params.tiles, snakemake.params.training),
        truth_path=snakemake.input.truth or None,
        target=snakemake.wildcards.target,
    )
