"""Compare the distances of a target's fractures to the wall with those of random sets."""

from imfmap.core.jsonfiles import write_json
from imfmap.core.texts import from_page
from imfmap.fractures.accept import read_boundary
from imfmap.fractures.boundary_distance import boundary_distances
from imfmap.maps.ground_plane import GroundPlane, areas_of, mapped_ground
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.diagrams import distance_figure
from imfmap.run.job import job

with job(snakemake):
    files, settings = snakemake.input, snakemake.params
    lines = read_vector(files.fractures, "centrelines")
    floor = areas_of(read_boundary(files.boundary, lines.crs), "floor")
    mapped = mapped_ground(files.probability)
    plane = GroundPlane(mapped.grid)
    distances = boundary_distances(lines, floor, mapped, plane, settings.random_sets, settings.seed)
    distance_figure(snakemake.output.figures, distances, from_page(settings.title))
    write_json(snakemake.output.json, distances.summary() if distances else None)
