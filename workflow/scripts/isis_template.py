"""Map projection for the images of a target: maptemplate."""

from imfmap.engines.isis import commands
from imfmap.engines.isis.boxes import LonLatBox
from imfmap.engines.isis.steps import make_text
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    place = snakemake.params.place
    box = LonLatBox.of_grid(target_grid(place), place)
    make_text(lambda out: commands.template(out, place, box), snakemake.output[0])
