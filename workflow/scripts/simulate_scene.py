"""The ground of a simulated target: terrain, exact truth, weak labels."""

from pathlib import Path

from imfmap.jobs import job
from imfmap.simulate.scene import make_scene
from imfmap.targets import target_grid

with job(snakemake):
    settings = {**snakemake.params.simulation, **snakemake.params.scene}
    make_scene(settings, target_grid(snakemake.params.place), Path(snakemake.output.terrain).parent)
