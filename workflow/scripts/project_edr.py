"""Decompand one EDR, calibrate it, correct its echo, and project it to the map."""

from imfmap.engines.native.pipeline import Processing, edr_to_map
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    edr_to_map(
        snakemake.input.edr,
        snakemake.input.isd,
        snakemake.params.calibration,
        target_grid(snakemake.params.place),
        snakemake.output[0],
        Processing.of({**snakemake.params.processing, "threads": snakemake.threads}),
    )
