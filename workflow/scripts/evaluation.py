"""Tables of all evaluated models on all targets."""

from imfmap.jobs import job
from imfmap.reports import write_tables

with job(snakemake):
    models, folder = snakemake.params.models, "/{}/"
    write_tables(
        dict(zip(models, snakemake.input.metrics, strict=True)),
        {model: [path for path in snakemake.input.targets if folder.format(model) in path] for model in models},
        snakemake.output.csv,
        snakemake.output.markdown,
        snakemake.output.html,
    )
