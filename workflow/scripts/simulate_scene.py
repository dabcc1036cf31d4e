"""The ground of a simulated target: terrain, exact truth, weak labels."""

from pathlib import Path

from imfmap.jobs import job
from imfmap.simulate.scene import make_scene
from imfmap.targets import target_grid

with job(snakemake):
    target = snakemake.params.target
    scene = {key: value for key, value in target["simulate"].items() if key != "images"}
    make_scene(
        {**snakemake.params.simulation, **scene},
        target_grid(target, snakemake.params.processing),
        Path(snakemake.output.terrain).parent,
    )
