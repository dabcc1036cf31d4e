"""Fetch torchvision's weights: of a whole network (COCO), or of an encoder (ImageNet)."""

from pathlib import Path

import torch

from imfmap.acquisition.published_files import download_torchvision_weights
from imfmap.learning.torchvision_weights import URLS
from imfmap.run.job import job

with job(snakemake):
    download_torchvision_weights(
        URLS[snakemake.wildcards.source][snakemake.wildcards.network],
        Path(snakemake.output[0]),
        snakemake.config["acquisition"],
        cache=Path(torch.hub.get_dir()) / "checkpoints",
    )
