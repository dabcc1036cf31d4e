"""Draw the figure sheet of a target at a finer and a coarser resolution."""

from imfmap.core.texts import from_page
from imfmap.maps.rasters import read_grid
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.coarse_sheet import MapShown, coarse_sheet
from imfmap.products.figures.map import subtitle
from imfmap.products.figures.page import SheetText
from imfmap.products.figures.sun_arrows import sun_azimuths
from imfmap.run.job import job
from imfmap.scoring.coarse_comparison import compare_maps

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    fractures = [read_vector(path, "fractures") for path in files.fractures]
    grids = [read_grid(path) for path in files.mosaics]
    maps = [
        # The third map has the same images as the second.
        MapShown(name, mosaic, probability, frame, own_picture=number < 2)
        for number, (name, mosaic, probability, frame) in enumerate(
            zip(params.names, files.mosaics, files.probabilities, fractures, strict=True)
        )
    ]
    by_name = dict(zip(params.names, fractures, strict=True))
    table = compare_maps(by_name, [grid.resolution_m for grid in grids], params.truth)
    text = SheetText(
        f"{from_page(params.title)} through finer and coarser pixels", subtitle(grids[0]), from_page(params.footer)
    )
    azimuths_deg = sun_azimuths(files.images, files.mosaics[0], params.sun_azimuth_deg)
    coarse_sheet(snakemake.output, maps, table, files.sources, text, azimuths_deg)
