"""Map template of a target for cam2map."""

from imfmap import isis
from imfmap.jobs import job
from imfmap.rasters import replacing
from imfmap.targets import target_grid

with job(snakemake), replacing(snakemake.output[0]) as path:
    place = snakemake.params.place
    path.write_text(isis.map_template(target_grid(place), place))
