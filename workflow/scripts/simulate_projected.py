"""One image of a simulated target, straight on the map."""

from imfmap.jobs import job
from imfmap.simulate.direct import image_to_map
from imfmap.targets import target_grid

with job(snakemake):
    image_to_map(
        snakemake.input.terrain,
        snakemake.params.image,
        target_grid(snakemake.params.place),
        snakemake.output[0],
        seed=snakemake.params.seed,
    )
