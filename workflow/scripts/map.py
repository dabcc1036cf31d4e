"""Draw the map of a target."""

from imfmap.core.jsonfiles import read_json
from imfmap.core.texts import from_page
from imfmap.fractures.accept import read_boundary
from imfmap.maps.image_facts import facts_of
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.map import MapText, map_figure
from imfmap.run.job import job

with job(snakemake):
    fractures = read_vector(snakemake.input.fractures, "fractures")
    summary = read_json(snakemake.input.summary)
    images = [facts_of(path) for path in snakemake.input.images]
    boundary = read_boundary(snakemake.input.boundary, fractures.crs) if snakemake.input.boundary else {}
    boundary["candidates"] = read_vector(snakemake.input.fractures, "candidate_ponds")
    title, footer = (from_page(words) for words in (snakemake.params.title, snakemake.params.footer))
    text = MapText(title, footer=footer, threshold=summary["settings"]["threshold"])
    paths = [snakemake.output.png, snakemake.output.pdf]
    map_figure(paths, snakemake.input.mosaic, fractures, text, summary["orientation"], boundary, images)
