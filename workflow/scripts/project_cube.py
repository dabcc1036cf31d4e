"""One spiceinit'ed ISIS cube on the map."""

from imfmap.jobs import job
from imfmap.native import Processing, cube_to_map
from imfmap.targets import target_grid

with job(snakemake):
    settings = {**snakemake.params.processing, "threads": snakemake.threads}
    cube_to_map(
        snakemake.input.cube,
        target_grid(snakemake.params.target, settings),
        snakemake.output[0],
        settings["calibration_dir"],
        Processing.of(settings),
    )
