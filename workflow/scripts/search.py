"""Search the archive, and write the product table of a target."""

from imfmap.acquisition.search import search
from imfmap.run.job import job

with job(snakemake):
    limits = dict(snakemake.params.search)
    if snakemake.input.polygon:
        limits["polygon"] = snakemake.input.polygon
    search(
        {**snakemake.params.place, "search": limits},
        snakemake.config["acquisition"],
        snakemake.output,
        snakemake.params.asked_at,
    )
