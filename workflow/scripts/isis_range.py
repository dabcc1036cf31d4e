"""Range of latitude and longitude that an image covers, in the target's map projection: mosrange."""

from imfmap.engines.isis.boxes import LonLatBox
from imfmap.engines.isis.steps import measure_range
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    place = snakemake.params.place
    box = LonLatBox.of_grid(target_grid(place), place)
    measure_range(snakemake.input[0], snakemake.output[0], place, box)
