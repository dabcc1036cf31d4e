"""A target through finer and coarser pixels, as a figure sheet."""

from imfmap.coarse_comparison import compare_maps
from imfmap.coarse_sheet import MapShown, coarse_sheet
from imfmap.figures import subtitle
from imfmap.jobs import job
from imfmap.rasters import read_grid
from imfmap.sheets import SheetText
from imfmap.suns import sun_azimuths
from imfmap.vectors import read_vector

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    fractures = [read_vector(path, "fractures") for path in files.fractures]
    grids = [read_grid(path) for path in files.mosaics]
    maps = [
        # The third map is of the second's images.
        MapShown(name, mosaic, probability, found, own_picture=number < 2)
        for number, (name, mosaic, probability, found) in enumerate(
            zip(params.names, files.mosaics, files.probabilities, fractures, strict=True)
        )
    ]
    found = dict(zip(params.names, fractures, strict=True))
    table = compare_maps(found, [grid.resolution_m for grid in grids], params.truth)
    text = SheetText(f"{params.title} through finer and coarser pixels", subtitle(grids[0]), params.footer)
    azimuths_deg = sun_azimuths(files.images, files.mosaics[0], params.sun_azimuth_deg)
    coarse_sheet(snakemake.output, maps, table, files.sources, text, azimuths_deg)
