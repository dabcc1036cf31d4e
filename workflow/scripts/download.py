"""Download one EDR from the archive, and check its MD5."""

from pathlib import Path

from imfmap.acquisition.download import download_file
from imfmap.acquisition.table import compare_image, url_of
from imfmap.nac.instrument import read_edr, verify_md5
from imfmap.run.job import job

with job(snakemake):
    table, product, edr = snakemake.input.table, snakemake.wildcards.product, snakemake.output.edr
    acquisition = snakemake.config["acquisition"]
    download_file(url_of(table, product, acquisition), Path(edr), acquisition, check=verify_md5)
    compare_image(table, product, read_edr(edr).label.start_time)
