"""Compare the measures of a simulated target's fractures with the truth."""

from imfmap.core.texts import from_page
from imfmap.maps.ground_plane import mapped_ground
from imfmap.maps.vectors import read_vector
from imfmap.products.figures.diagrams import error_figure
from imfmap.run.job import job
from imfmap.scoring.measure_errors import error_table, truth_measures, write_error_table

with job(snakemake):
    files = snakemake.input
    fractures, lines = (read_vector(files.fractures, name) for name in ("fractures", "centrelines"))
    mapped = mapped_ground(files.probability)
    errors, counts = truth_measures(fractures, lines, files.truth, files.probability, mapped, files.images)
    table = error_table(errors)
    write_error_table(snakemake.output.table, table)
    error_figure(snakemake.output.figures, table, counts, from_page(snakemake.params.title))
