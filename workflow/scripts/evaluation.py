"""Write tables of all evaluated models on all targets, and draw their training curves."""

from pathlib import Path

from imfmap.learning.evaluation_tables import plot_curves_of_models, write_evaluation_tables
from imfmap.run.job import job

with job(snakemake):
    # Models that were trained elsewhere have no curves.
    trained = dict(zip(snakemake.params.trained, snakemake.input.metrics, strict=True))
    write_evaluation_tables(
        trained,
        {
            model: [path for path in snakemake.input.targets if Path(path).parent.name == model]
            for model in snakemake.params.models
        },
        snakemake.output.csv,
        snakemake.output.markdown,
        snakemake.output.html,
    )
    plot_curves_of_models(trained, *snakemake.output.curves)
