"""Download one EDR from the archive, and check its MD5."""

from pathlib import Path

from imfmap.acquisition.download import download_file
from imfmap.acquisition.table import url_of
from imfmap.nac.instrument import verify_md5
from imfmap.run.job import job

with job(snakemake):
    acquisition = snakemake.config["acquisition"]
    url = url_of(snakemake.input.table, snakemake.wildcards.product, acquisition)
    download_file(url, Path(snakemake.output.edr), acquisition, check=verify_md5)
