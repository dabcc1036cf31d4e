"""Project one ISIS cube (after spiceinit) to the map."""

from imfmap.engines.native.pipeline import Processing, cube_to_map
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    cube_to_map(
        snakemake.input.cube,
        target_grid(snakemake.params.place),
        snakemake.output[0],
        snakemake.params.calibration,
        Processing.of({**snakemake.params.processing, "threads": snakemake.threads}),
    )
