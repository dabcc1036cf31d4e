"""Write the calibration files of a simulated NAC."""

from imfmap.run.job import job
from imfmap.simulate.calibration_set import write_calibration_set

with job(snakemake):
    write_calibration_set(snakemake.output[0], seed=snakemake.params.seed, year=int(snakemake.wildcards.year))
