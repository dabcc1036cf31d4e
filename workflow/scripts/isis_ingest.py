"""EDR to ISIS cube: lronac2isis."""

from imfmap.engines.isis import commands
from imfmap.engines.isis.steps import make_cube
from imfmap.nac.instrument import read_edr, verify_md5
from imfmap.run.job import job

with job(snakemake):
    label = read_edr(snakemake.input[0]).label
    if snakemake.params.verify_md5:
        verify_md5(snakemake.input[0])
    make_cube(lambda out: commands.ingest(snakemake.input[0], out), snakemake.output[0], (label.lines, label.samples))
