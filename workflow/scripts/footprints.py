"""Write the outlines of a target's images."""

from imfmap.maps.image_footprints import image_footprints
from imfmap.maps.vectors import write_vector
from imfmap.run.job import job

with job(snakemake):
    write_vector(snakemake.output[0], {"footprints": image_footprints(snakemake.input)})
