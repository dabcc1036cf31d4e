"""One EDR calibrated in its own geometry, kept because the config asks for it."""

from imfmap.jobs import job
from imfmap.native import Processing, calibrate_edr

with job(snakemake):
    calibrate_edr(
        snakemake.input.edr,
        snakemake.input.isd,
        snakemake.input.calibration,
        snakemake.output[0],
        Processing.of({**snakemake.params.processing, "threads": snakemake.threads}),
    )
