"""Make a folder of one image's calibration files, laid out as $lro/calibration; empty for an image left out."""

from pathlib import Path

from imfmap.acquisition.isisdata import link_calibration
from imfmap.run.job import job
from imfmap.run.left_out import read_mark

with job(snakemake):
    Path(snakemake.output[0]).mkdir(exist_ok=True)
    if read_mark(snakemake.input.manifest) is None:
        link_calibration(snakemake.input.manifest, snakemake.output[0])
