"""Tables of all evaluated models on all targets, and their training curves."""

from pathlib import Path

from imfmap.jobs import job
from imfmap.reports import compare_curves, write_tables

with job(snakemake):
    # Models that were trained elsewhere have no curves.
    trained = dict(zip(snakemake.params.trained, snakemake.input.metrics, strict=True))
    write_tables(
        trained,
        {
            model: [path for path in snakemake.input.targets if Path(path).parent.name == model]
            for model in snakemake.params.models
        },
        snakemake.output.csv,
        snakemake.output.markdown,
        snakemake.output.html,
    )
    compare_curves(trained, *snakemake.output.curves)
