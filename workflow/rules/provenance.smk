"""Provenance: for each product its inputs, jobs and code."""

from pathlib import Path


rule provenance:
    input:
        [map_of(name) for name in targets_with_role("map")],
        evaluation_tables(),
    output:
        record=f"{RUN}/provenance/run.json",
        crate=f"{RUN}/ro-crate-metadata.json",
        snakefile=f"{RUN}/provenance/Snakefile",
    log:
        log_of("provenance"),
    benchmark:
        benchmark_of("provenance")
    localrule: True
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_digest("provenance.py"),
        config=config,
        folder=lambda wildcards, output: Path(output[0]).parents[1],
    message:
        "The provenance of the run is written"
    script:
        "../scripts/provenance.py"
