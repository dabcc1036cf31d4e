"""Write the outlines of a target's images."""

from imfmap.maps.image_footprints import image_footprints
from imfmap.maps.vectors import write_vector
from imfmap.products.tables import descriptions_of
from imfmap.run.job import job

with job(snakemake):
    layers = {"footprints": image_footprints(snakemake.input)}
    write_vector(snakemake.output[0], layers, descriptions=descriptions_of(layers))
