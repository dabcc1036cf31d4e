"""Summarise the fractures of a target in numbers, a density map and a rose diagram."""

from imfmap.core.jsonfiles import read_json
from imfmap.core.texts import from_page
from imfmap.fractures.accept import read_boundary
from imfmap.fractures.corrected import completeness_of_map
from imfmap.fractures.density import CELLS, density_map, write_density
from imfmap.fractures.orientations import directions, rose
from imfmap.fractures.polygons import map_threshold
from imfmap.maps.coregistration_tag import coregistration_of
from imfmap.maps.ground_plane import GroundPlane, areas_of, mapped_ground
from imfmap.maps.image_facts import facts_of
from imfmap.maps.rasters import read_grid
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.depth_figure import depth_figure
from imfmap.products.figures.diagrams import DENSITY_LETTERS, density_figure, rose_figure
from imfmap.products.figures.map_facts import small_print
from imfmap.products.tables import summarise, summarise_ground, summarise_segments, write_summary
from imfmap.run.job import job
from imfmap.scoring.polygon_scores import score_polygons

with job(snakemake):
    files = snakemake.input
    threshold = map_threshold(files.probability, snakemake.params.mapping["threshold"])
    settings = snakemake.params.mapping | {"threshold": threshold}
    names = ("fractures", "rejected", "centrelines", "segments", "candidate_ponds")
    fractures, rejected, lines, segments, ponds = (read_vector(files.fractures, name) for name in names)
    boundary = read_boundary(files.boundary, fractures.crs) if files.boundary else {}
    mapped = mapped_ground(files.probability, settings["density_radius_m"] / CELLS)
    known = areas_of(boundary, "floor", "ponds") if boundary else ()
    # If fractures outside floor and ponds are rejected, only floor and ponds count as ground.
    counted = mapped.within(known) if settings["floor"] and len(known) else mapped
    images = [facts_of(path) for path in files.images]
    summary = summarise(
        fractures,
        rejected,
        images,
        {"recipe": snakemake.params.recipe, **settings},
        [coregistration_of(path) for path in files.images],
    )
    grid = read_grid(files.probability)
    summary["segments"] = summarise_segments(segments)
    summary["orientation"] = rose(*directions(lines, grid))
    density = density_map(lines, counted, GroundPlane(grid), settings["density_radius_m"])
    summary["ground"] = summarise_ground(fractures, counted.total_km2, mapped.total_km2, density)
    summary["candidate_ponds"] = ponds.drop(columns="geometry").to_dict("records")
    summary["completeness"] = completeness_of_map(fractures, files.probability, files.images, counted, settings)
    if files.distances:
        summary["distance_to_wall"] = read_json(files.distances)
    if files.truth:
        summary["truth"] = score_polygons(fractures, files.truth)
    write_density(snakemake.output.density, density, counted, settings["density_radius_m"])
    outlines = {**boundary, "candidates": ponds}
    title = from_page(snakemake.params.title)
    footer = small_print(counted.grid, images, threshold, from_page(snakemake.params.footer), DENSITY_LETTERS)
    density_figure(
        snakemake.output.density_figures, density, counted, lines, outlines, settings["density_radius_m"], title, footer
    )
    depth_figure(snakemake.output.depth_figures, fractures, title)
    rose_figure(snakemake.output.rose_figures, summary["orientation"], title)
    write_summary(snakemake.output.summary, summary)
