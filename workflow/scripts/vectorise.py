"""Turn a probability into fractures: polygons, measures, filters, files."""

from pathlib import Path

from imfmap.fractures.accept import filter_fractures, read_boundary, renumbered
from imfmap.fractures.image_support import agreeing_images, mosaic_sources
from imfmap.fractures.measures import measure
from imfmap.fractures.polygons import map_threshold, vectorise
from imfmap.fractures.pond_candidates import PondRule, candidate_ponds, outside_fractures
from imfmap.fractures.shadow_depth import shadow_depths
from imfmap.maps.grids import MapGrid
from imfmap.maps.ground_plane import areas_of
from imfmap.maps.rasters import open_raster
from imfmap.mosaic.build import seam_lines
from imfmap.products.tables import write_fractures
from imfmap.run.job import job

with job(snakemake):
    settings, files = snakemake.params.mapping, snakemake.input
    threshold = map_threshold(files.probability, settings["threshold"])
    polygons = vectorise(files.probability, threshold, settings["hysteresis"])
    fractures, centrelines = measure(polygons, files.probability, snakemake.output.gpkg)
    with open_raster(files.probability) as dataset:
        grid = MapGrid.of(dataset)
    if files.probabilities:
        least = settings["hysteresis"] or threshold
        support = agreeing_images(fractures, grid, files.probabilities, files.images, least)
    else:
        support = mosaic_sources(fractures, grid, files.sources, files.images)
    shadows, _ = shadow_depths(fractures, centrelines, grid, files.images)
    fractures = fractures.join(support).join(shadows)
    seams = seam_lines(files.sources) if settings["seams"] and snakemake.params.recipe == "paper" else None
    known = areas_of(read_boundary(files.boundary, fractures.crs), "floor", "ponds") if files.boundary else None
    floor = known if settings["floor"] else None
    kept, rejected = filter_fractures(fractures, settings["min_area_m2"], seams, floor)
    kept, rejected, centrelines = renumbered(kept, rejected, centrelines)
    rule = PondRule(settings["pond_gap_m"], settings["pond_min_fractures"], settings["pond_min_length_m"])
    ponds = candidate_ponds(outside_fractures(kept, rejected, known), grid, rule, known)
    write_fractures(Path(snakemake.output.gpkg).parent, kept, rejected, centrelines, ponds)
