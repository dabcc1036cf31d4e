"""One spiceinit'ed ISIS cube on the map."""

from imfmap.jobs import job
from imfmap.native import Processing, cube_to_map
from imfmap.targets import target_grid

with job(snakemake):
    cube_to_map(
        snakemake.input.cube,
        target_grid(snakemake.params.place),
        snakemake.output[0],
        snakemake.input.calibration or None,
        Processing.of({**snakemake.params.processing, "threads": snakemake.threads}),
    )
