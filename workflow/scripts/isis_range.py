"""What an image covers, in the terms of its target's map: mosrange."""

from imfmap.isis.boxes import LonLatBox
from imfmap.isis.steps import measure_range
from imfmap.jobs import job
from imfmap.targets import target_grid

with job(snakemake):
    place = snakemake.params.place
    box = LonLatBox.of_grid(target_grid(place), place)
    measure_range(snakemake.input[0], snakemake.output[0], place, box)
