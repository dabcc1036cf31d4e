"""Map template of a target for cam2map."""

from imfmap import isis
from imfmap.jobs import job
from imfmap.rasters import replacing
from imfmap.targets import target_grid

with job(snakemake):
    target, processing = snakemake.params.target, snakemake.params.processing
    projection = target.get("projection", processing["projection"])
    with replacing(snakemake.output[0]) as path:
        path.write_text(isis.map_template(target_grid(target, processing), projection, target))
