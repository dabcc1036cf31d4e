"""The map of a target, and its numbers."""

from imfmap.exports import summarise, write_summary
from imfmap.figures import MapText, map_figure
from imfmap.filters import read_boundary
from imfmap.jobs import job
from imfmap.products import ImageFacts
from imfmap.rasters import open_raster
from imfmap.truth import score_map
from imfmap.vectors import read_vector


def facts_of(path):
    with open_raster(path) as image:
        return ImageFacts.from_tags(image.tags(), path)


with job(snakemake):
    fractures = read_vector(snakemake.input.fractures, "fractures")
    rejected = read_vector(snakemake.input.fractures, "rejected")
    images = [facts_of(path) for path in snakemake.input.images]
    settings = {"recipe": snakemake.params.recipe, **snakemake.params.mapping}
    summary = summarise(fractures, rejected, images, settings)
    if snakemake.input.truth:
        summary["truth"] = score_map(fractures, snakemake.input.truth)
    boundary = read_boundary(snakemake.input.boundary, fractures.crs) if snakemake.input.boundary else None
    text = MapText(snakemake.params.title, footer=snakemake.params.footer)
    map_figure([snakemake.output.png, snakemake.output.pdf], snakemake.input.mosaic, fractures, text, boundary, images)
    write_summary(snakemake.output.summary, summary)
