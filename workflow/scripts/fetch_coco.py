"""torchvision's COCO weights of one network."""

from pathlib import Path

import torch

from imfmap.acquisition.coco import fetch_coco_weights
from imfmap.deeplab import COCO_URLS
from imfmap.jobs import job

with job(snakemake):
    fetch_coco_weights(
        COCO_URLS[snakemake.wildcards.architecture],
        Path(snakemake.output[0]),
        snakemake.config["acquisition"],
        cache=Path(torch.hub.get_dir()) / "checkpoints",
    )
