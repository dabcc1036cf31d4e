"""Draw the map of a target."""

from imfmap.core.texts import from_page
from imfmap.fractures.accept import read_boundary
from imfmap.fractures.orientations import directions, rose
from imfmap.fractures.polygons import map_threshold
from imfmap.maps.image_facts import facts_of
from imfmap.maps.rasters import read_grid
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.map import MapText, map_figure
from imfmap.run.job import job

with job(snakemake):
    fractures, lines = (read_vector(snakemake.input.fractures, name) for name in ("fractures", "centrelines"))
    images = [facts_of(path) for path in snakemake.input.images]
    boundary = read_boundary(snakemake.input.boundary, fractures.crs) if snakemake.input.boundary else {}
    boundary["candidates"] = read_vector(snakemake.input.fractures, "candidate_ponds")
    threshold = map_threshold(snakemake.input.probability, snakemake.params.threshold)
    title, footer = (from_page(words) for words in (snakemake.params.title, snakemake.params.footer))
    text = MapText(title, footer=footer, threshold=threshold)
    shown = rose(*directions(lines, read_grid(snakemake.input.mosaic)))
    paths = [snakemake.output.png, snakemake.output.pdf]
    map_figure(paths, snakemake.input.mosaic, fractures, text, shown, boundary, images)
