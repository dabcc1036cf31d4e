"""Position, pointing and shape: spiceinit, on a copy of the cube."""

from imfmap.engines.isis import commands
from imfmap.engines.isis.cubes import size_of
from imfmap.engines.isis.shapes import check_shape
from imfmap.engines.isis.steps import make_cube
from imfmap.run.job import job

with job(snakemake):
    cube, isis = snakemake.input[0], snakemake.params.isis
    make_cube(
        lambda out: commands.spice(out, isis),
        snakemake.output[0],
        size_of(cube),
        copy_of=cube,
        check=lambda made: check_shape(made, isis["shape"]),
    )
