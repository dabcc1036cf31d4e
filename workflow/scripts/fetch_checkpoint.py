"""The published weights."""

from pathlib import Path

from imfmap.acquisition.weights_sources import fetch_published_weights
from imfmap.learning.models import adopt_checkpoint
from imfmap.run.job import job

with job(snakemake):
    fetched = Path(snakemake.output[0]).with_name("published.pt")
    fetch_published_weights(snakemake.params.record, fetched, snakemake.params.acquisition)
    adopt_checkpoint(fetched, snakemake.output[0], snakemake.params.input_scaling)
