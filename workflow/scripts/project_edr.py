"""One EDR on the map: decompanded, calibrated, freed of its echo, projected."""

from imfmap.errors import InputError
from imfmap.jobs import job
from imfmap.native import Processing, edr_to_map
from imfmap.targets import target_grid

with job(snakemake):
    target, settings = snakemake.params.target, snakemake.params.processing
    if not snakemake.input.calibration:
        raise InputError("processing.calibration_dir", "is not set", "name the folder of $ISISDATA/lro/calibration")
    settings = {
        **settings,
        "verify_md5": target.get("verify_md5", settings["verify_md5"]),
        "threads": snakemake.threads,
    }
    edr_to_map(
        snakemake.input.edr,
        snakemake.input.isd,
        snakemake.input.calibration,
        target_grid(target, settings),
        snakemake.output[0],
        Processing.of(settings),
    )
