"""Fetch the kernels and calibration files of one image into the ISISDATA tree, and list them."""

from pathlib import Path

from imfmap.acquisition.isisdata import gather, write_manifest
from imfmap.acquisition.isisdata_store import IsisData
from imfmap.nac.instrument import read_edr
from imfmap.run.job import job

with job(snakemake):
    chosen = snakemake.params
    data = IsisData(Path(chosen.folder), snakemake.config["acquisition"])
    image = gather(read_edr(snakemake.input.edr).label, data, chosen.darks, chosen.predicted, chosen.smithed)
    write_manifest(snakemake.output.manifest, image, data)
