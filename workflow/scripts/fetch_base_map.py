"""Fetch the base map of the Moon."""

from pathlib import Path

from imfmap.acquisition import limits
from imfmap.acquisition.download import download_file
from imfmap.products.figures.base_map import check_base_map
from imfmap.run.job import job

with job(snakemake):
    # A mirror of the archive has no such file.
    acquisition = {**snakemake.config["acquisition"], "mirror": None}
    path = Path(snakemake.output[0])
    download_file(snakemake.params.url, path, acquisition, check_base_map, most=limits.BASE_MAP_BYTES)
