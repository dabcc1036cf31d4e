"""Map that the images of a target are projected to: maptemplate."""

from imfmap.isis import commands
from imfmap.isis.boxes import LonLatBox
from imfmap.isis.steps import make_text
from imfmap.jobs import job
from imfmap.targets import target_grid

with job(snakemake):
    place = snakemake.params.place
    box = LonLatBox.of_grid(target_grid(place), place)
    make_text(lambda out: commands.template(out, place, box), snakemake.output[0])
