"""Score what was found in each image of a simulated target against the truth."""

from pathlib import Path

from imfmap.run.job import job
from imfmap.scoring.probability_scores import score_probability

with job(snakemake):
    folder = Path(snakemake.output[0])
    folder.mkdir(parents=True, exist_ok=True)
    for image in map(Path, snakemake.input.images):
        score_probability(
            Path(snakemake.input.alone).with_name(image.name),
            image,
            snakemake.input.truth,
            snakemake.input.objects,
            snakemake.input.labels,
            folder / f"{image.stem}.json",
            snakemake.params.threshold,
            target=snakemake.wildcards.target,
            min_area_m2=snakemake.params.min_area_m2,
        )
