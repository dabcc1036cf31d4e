"""Map projection of an image, on the part of the map that it covers: cam2map."""

from imfmap.engines.isis import commands
from imfmap.engines.isis.boxes import LonLatBox, read_range
from imfmap.engines.isis.shapes import shape_resolution_m
from imfmap.engines.isis.steps import make_cube
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    cube, place, patch_px = snakemake.input.cube, snakemake.params.place, snakemake.params.patch_size
    covered, resolution_m = read_range(snakemake.input.range)
    box = LonLatBox.of_grid(target_grid(place), place).common_with(covered, cube)
    if patch_px == "auto":
        shape_m = shape_resolution_m(cube)
        patch_px = commands.patch_size(resolution_m, place["resolution_m"], shape_m)
    make_cube(
        lambda out: commands.project(cube, out, snakemake.input.template, snakemake.params.resampling, patch_px, box),
        snakemake.output[0],
        least_valid=0.0,
    )
