"""Simulate the ground of a target: terrain, exact truth, weak labels."""

from pathlib import Path

from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job
from imfmap.simulate.scene import make_scene

with job(snakemake):
    settings = {**snakemake.params.simulation, **snakemake.params.scene}
    make_scene(settings, target_grid(snakemake.params.place), Path(snakemake.output.terrain).parent)
