"""Fetch published weights."""

from pathlib import Path

from imfmap.acquisition.published_files import download_zenodo_checkpoint
from imfmap.learning.models import adopt_checkpoint
from imfmap.run.job import job

with job(snakemake):
    fetched = Path(snakemake.output[0]).with_name("published.pt")
    download_zenodo_checkpoint(snakemake.params.record, fetched, snakemake.params.acquisition)
    adopt_checkpoint(fetched, snakemake.output[0], snakemake.params.input_scaling)
