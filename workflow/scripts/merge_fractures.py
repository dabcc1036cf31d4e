"""Write the fractures of all maps of a run to one GeoPackage, and to one GeoParquet file."""

from pathlib import Path

from imfmap.fractures.polygons import map_threshold
from imfmap.products.merged import MappedTarget, merge_fractures
from imfmap.run.job import job

with job(snakemake):
    files, models = snakemake.input, snakemake.params.models
    targets = [
        MappedTarget(name, Path(fractures), model, map_threshold(probability, snakemake.params.threshold))
        for (name, model), fractures, probability in zip(
            models.items(), files.fractures, files.probabilities, strict=True
        )
    ]
    merge_fractures(snakemake.output.gpkg, snakemake.output.parquet, targets)
