"""Write the QGIS project of a target."""

from imfmap.core.texts import from_page
from imfmap.products.qgis import layers_of_target, write_project
from imfmap.run.job import job

with job(snakemake):
    files = snakemake.input
    layers = layers_of_target(
        files.fractures,
        files.footprints,
        files.boundary,
        files.probability,
        files.mosaic,
        [files.density, files.sources],
        files.images,
    )
    write_project(snakemake.output[0], from_page(snakemake.params.title), files.mosaic, layers)
