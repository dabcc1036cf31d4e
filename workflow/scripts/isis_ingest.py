"""EDR to ISIS cube: lronac2isis."""

from imfmap import isis
from imfmap.jobs import job
from imfmap.pds import verify_md5

with job(snakemake):
    if snakemake.params.verify_md5:
        verify_md5(snakemake.input[0])
    isis.run("lronac2isis", from_=snakemake.input[0], to=snakemake.output[0])
    isis.check_cube(snakemake.output[0], "lronac2isis")
