"""The map of a target."""

from imfmap.figures import MapText, map_figure
from imfmap.filters import read_boundary
from imfmap.image_support import facts_of
from imfmap.jobs import job
from imfmap.vectors import read_vector

with job(snakemake):
    fractures = read_vector(snakemake.input.fractures, "fractures")
    images = [facts_of(path) for path in snakemake.input.images]
    boundary = read_boundary(snakemake.input.boundary, fractures.crs) if snakemake.input.boundary else {}
    boundary["candidates"] = read_vector(snakemake.input.fractures, "candidate_ponds")
    text = MapText(snakemake.params.title, footer=snakemake.params.footer)
    map_figure([snakemake.output.png, snakemake.output.pdf], snakemake.input.mosaic, fractures, text, boundary, images)
