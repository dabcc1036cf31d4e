"""Simulate one image of a target directly on the map."""

from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job
from imfmap.simulate.direct_imaging import image_to_map

with job(snakemake):
    image_to_map(
        snakemake.input.terrain,
        snakemake.params.image,
        target_grid(snakemake.params.place),
        snakemake.output[0],
        seed=snakemake.params.seed,
    )
