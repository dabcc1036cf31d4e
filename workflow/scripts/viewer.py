"""The viewer of a target."""

from imfmap.filters import read_boundary
from imfmap.jobs import job
from imfmap.vectors import layers_of, read_vector
from imfmap.viewer import ViewerText, write_viewer

with job(snakemake):
    files = snakemake.input
    # The viewer draws areas.
    names = [name for name in layers_of(files.fractures) if name != "centrelines"]
    layers = {name: read_vector(files.fractures, name) for name in names}
    layers["footprints"] = read_vector(files.footprints, "footprints")
    if files.boundary:
        layers |= read_boundary(files.boundary, layers["fractures"].crs)
    text = ViewerText(snakemake.params.title, snakemake.params.footer)
    write_viewer(
        snakemake.output[0], files.mosaic, files.probability, layers, text, files.images, threads=snakemake.threads
    )
