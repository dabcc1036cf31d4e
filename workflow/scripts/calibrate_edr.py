"""Calibrate one EDR in its own geometry, if the configuration asks to keep it."""

from imfmap.engines.native.pipeline import Processing, calibrate_edr
from imfmap.run.job import job

with job(snakemake):
    calibrate_edr(
        snakemake.input.edr,
        snakemake.input.isd,
        snakemake.params.calibration,
        snakemake.output[0],
        Processing.of({**snakemake.params.processing, "threads": snakemake.threads}),
    )
