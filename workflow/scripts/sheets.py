"""Figure sheets of a target."""

from imfmap.basemap import read_base_map
from imfmap.figures import subtitle
from imfmap.filters import read_boundary
from imfmap.jobs import job
from imfmap.rasters import read_grid
from imfmap.sheets import SheetText, overview_sheet, rejected_sheet
from imfmap.suns import sun_azimuths
from imfmap.vectors import read_vector

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    fractures, rejected = (read_vector(files.fractures, layer) for layer in ("fractures", "rejected"))
    boundary = read_boundary(files.boundary, fractures.crs) if files.boundary else {}
    boundary["candidates"] = read_vector(files.fractures, "candidate_ponds")
    grid = read_grid(files.mosaic)
    azimuths_deg = sun_azimuths(files.images, files.mosaic, params.sun_azimuth_deg)
    around = read_base_map(files.base_map, grid) if files.base_map else None
    text = SheetText(params.title, subtitle(grid), params.footer)
    paths = files.mosaic, files.sources
    overview_sheet(snakemake.output.overview, *paths, fractures, text, boundary, azimuths_deg, around)
    text = SheetText(f"{params.title}: what was rejected", subtitle(grid), params.footer)
    rejected_sheet(snakemake.output.rejected, *paths, rejected, text, azimuths_deg)
