"""Count what one simulated target holds, from its files."""

import json

from imfmap.core.files import replacing
from imfmap.core.texts import from_page
from imfmap.run.job import job
from imfmap.scoring.benchmark_set import summarise_target

with job(snakemake):
    files, params = snakemake.input, snakemake.params
    counts = summarise_target(
        files.images,
        files.labels,
        files.label_raster,
        files.truth,
        files.objects,
        recipe=params.recipe,
        tiles=params.tiles,
        training=params.role == "train",
    )
    counts = {"target": snakemake.wildcards.target, "title": from_page(params.title), "role": params.role, **counts}
    with replacing(snakemake.output[0]) as temporary:
        temporary.write_text(json.dumps(counts, indent=1))
