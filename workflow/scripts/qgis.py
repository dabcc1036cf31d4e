"""A QGIS project of a target."""

from imfmap.jobs import job
from imfmap.qgis import layers_of_target, write_project

with job(snakemake):
    files = snakemake.input
    layers = layers_of_target(files.fractures, files.footprints, files.boundary, files.probability, files.mosaic)
    write_project(snakemake.output[0], snakemake.params.title, files.mosaic, layers)
