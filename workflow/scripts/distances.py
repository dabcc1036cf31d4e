"""How far a target's fractures lie from the wall, against random sets of them."""

from imfmap.analysis_figures import distance_figure
from imfmap.boundary_distance import boundary_distances
from imfmap.filters import read_boundary
from imfmap.ground_plane import GroundPlane, areas_of, mapped_ground
from imfmap.jobs import job
from imfmap.jsonfiles import write_json
from imfmap.vectors import read_vector

with job(snakemake):
    files, settings = snakemake.input, snakemake.params
    lines = read_vector(files.fractures, "centrelines")
    floor = areas_of(read_boundary(files.boundary, lines.crs), "floor")
    mapped = mapped_ground(files.probability)
    plane = GroundPlane(mapped.grid)
    distances = boundary_distances(lines, floor, mapped, plane, settings.random_sets, settings.seed)
    distance_figure(snakemake.output.figures, distances, settings.title)
    write_json(snakemake.output.json, distances.summary() if distances else None)
