"""Lay our maps beside the published ones: a table and a figure."""

from imfmap.core.texts import from_page
from imfmap.maps.rasters import read_grid
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.reproduction_sheet import PlaceShown, reproduction_sheet
from imfmap.run.job import job
from imfmap.scoring.published_comparison import beside, compared, write_reproduction
from imfmap.scoring.published_scores import scores_beside

with job(snakemake):
    given, output, tables, places = snakemake.input, snakemake.output, {}, []
    files = zip(given.fractures, given.published, given.mosaics, strict=True)
    for (target, title), (ours, published, mosaic) in zip(snakemake.params.titles.items(), files, strict=True):
        grid = read_grid(mosaic)
        found = beside(read_vector(ours, "fractures", grid.crs), read_vector(published, crs=grid.crs), grid)
        tables[from_page(title)] = compared(found, target)
        places.append(PlaceShown(from_page(title), mosaic, found))
    scores = scores_beside(given.evaluation or None)
    write_reproduction(tables, scores, output.csv, output.markdown, output.html)
    reproduction_sheet([output.png, output.pdf], places)
