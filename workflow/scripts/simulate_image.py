"""Simulate one image of a target: PDS3 EDR and camera."""

from pathlib import Path

from imfmap.run.job import job
from imfmap.simulate.imaging import image_scene

with job(snakemake):
    image_scene(
        snakemake.input.terrain,
        snakemake.params.image,
        Path(snakemake.input.calibration).parent,
        snakemake.output.edr,
        snakemake.output.isd,
        seed=snakemake.params.seed,
    )
