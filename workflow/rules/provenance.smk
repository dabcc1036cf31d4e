"""What was made, from what, by which code."""


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
        config=config,
        folder=lambda wildcards, output: Path(output[0]).parents[1],
    message:
        "Writing what was made, from what, by which code"
    script:
        "../scripts/provenance.py"
