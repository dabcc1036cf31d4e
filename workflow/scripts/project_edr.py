"""Decompand one EDR, calibrate it, correct its echo, and project it to the map."""

from imfmap.acquisition.table import compare_image
from imfmap.engines.native.pipeline import Processing, edr_to_map
from imfmap.maps.image_facts import facts_of
from imfmap.maps.target_grid import target_grid
from imfmap.run.job import job

with job(snakemake):
    edr_to_map(
        snakemake.input.edr,
        snakemake.input.isd,
        snakemake.params.calibration,
        target_grid(snakemake.params.place),
        snakemake.output[0],
        Processing.of({**snakemake.params.processing, "threads": snakemake.threads}),
    )
    if snakemake.input.table:
        facts = facts_of(snakemake.output[0])
        compare_image(snakemake.input.table, snakemake.wildcards.product, facts.start_time, facts.incidence_deg)
