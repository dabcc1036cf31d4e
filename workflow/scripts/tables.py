"""Write the tables of a target: numbers of each fracture, along each fracture, and of all fractures."""

from imfmap.core.jsonfiles import read_json
from imfmap.maps.vectors import read_vector
from imfmap.products.tables import write_fracture_table, write_geoparquet, write_profiles, write_statistics
from imfmap.run.job import job

with job(snakemake):
    files = snakemake.input
    fractures = read_vector(files.fractures, "fractures")
    write_fracture_table(snakemake.output.fractures, fractures)
    write_geoparquet(snakemake.output.parquet, fractures)
    write_profiles(snakemake.output.profiles, read_vector(files.fractures, "centrelines"))
    write_statistics(snakemake.output.statistics, read_json(files.summary))
