"""Write the viewer of a target."""

from imfmap.core.texts import from_page
from imfmap.fractures.accept import read_boundary
from imfmap.maps.vectors import layers_of, read_vector
from imfmap.products.viewer.build import ViewerText, write_viewer
from imfmap.run.job import job

with job(snakemake):
    files = snakemake.input
    layers = {name: read_vector(files.fractures, name) for name in layers_of(files.fractures)}
    layers["footprints"] = read_vector(files.footprints, "footprints")
    if files.boundary:
        layers |= read_boundary(files.boundary, layers["fractures"].crs)
    text = ViewerText(from_page(snakemake.params.title), from_page(snakemake.params.footer))
    rasters = files.mosaic, files.probability
    write_viewer(snakemake.output[0], *rasters, layers, text, files.images, snakemake.threads, files.density)
