"""Tables of all evaluated models on all targets, and their training curves."""

from imfmap.jobs import job
from imfmap.reports import compare_curves, write_tables

with job(snakemake):
    models, folder = snakemake.params.models, "/{}/"
    # Models that were trained elsewhere have no curves.
    trained = dict(zip(snakemake.params.trained, snakemake.input.metrics, strict=True))
    write_tables(
        trained,
        {model: [path for path in snakemake.input.targets if folder.format(model) in path] for model in models},
        snakemake.output.csv,
        snakemake.output.markdown,
        snakemake.output.html,
    )
    compare_curves(trained, *snakemake.output.curves)
