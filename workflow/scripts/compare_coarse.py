"""Compare the maps of each target at a finer and a coarser resolution, in numbers."""

from imfmap.maps.vectors import read_vector
from imfmap.run.job import job
from imfmap.scoring.coarse_comparison import compare_maps, write_comparison

with job(snakemake):
    params, tables = snakemake.params, {}
    for target, paths in params.maps.items():
        maps = {words: read_vector(path, "fractures") for words, path in paths.items()}
        tables[target] = compare_maps(maps, params.resolutions_m[target], params.truth.get(target))
    write_comparison(tables, snakemake.output.csv, snakemake.output.markdown, snakemake.output.html)
