"""Draw the figure sheets of a target."""

from imfmap.core.jsonfiles import read_json
from imfmap.core.texts import from_page
from imfmap.fractures.accept import read_boundary
from imfmap.maps.image_facts import facts_of
from imfmap.maps.rasters import read_grid
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.base_map import read_base_map
from imfmap.products.figures.map import subtitle
from imfmap.products.figures.map_facts import small_print
from imfmap.products.figures.page import FOOTER_LETTERS, SheetText
from imfmap.products.figures.sheets import overview_sheet, rejected_sheet
from imfmap.products.figures.sun_arrows import sun_azimuths
from imfmap.run.job import job

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    fractures, rejected = (read_vector(files.fractures, layer) for layer in ("fractures", "rejected"))
    boundary = read_boundary(files.boundary, fractures.crs) if files.boundary else {}
    boundary["candidates"] = read_vector(files.fractures, "candidate_ponds")
    grid = read_grid(files.mosaic)
    azimuths_deg = sun_azimuths(files.images, files.mosaic, params.sun_azimuth_deg)
    around = read_base_map(files.base_map, grid) if files.base_map else None
    summary = read_json(files.summary)
    notes = summary["completeness"]["in_words"]
    images = [facts_of(path) for path in files.images]
    words = small_print(grid, images, summary["settings"]["threshold"], from_page(params.footer), FOOTER_LETTERS)
    text = SheetText(from_page(params.title), subtitle(grid), words, notes)
    paths = files.mosaic, files.sources
    overview_sheet(
        snakemake.output.overview, *paths, fractures, text, summary["orientation"], boundary, azimuths_deg, around
    )
    text = SheetText(f"{from_page(params.title)}: what was rejected", subtitle(grid), words)
    rejected_sheet(snakemake.output.rejected, *paths, rejected, text, azimuths_deg)
