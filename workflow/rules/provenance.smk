"""What was made, from what, by which code."""


rule provenance:
    input:
        [map_of(name) for name in targets_with_role("map")],
        evaluation_tables(),
    output:
        f"{RUN}/provenance/run.json",
    params:
        config=config,
        folder=RUN,
    log:
        log_of("provenance"),
    benchmark:
        benchmark_of("provenance")
    conda:
        "../../envs/geo.yaml"
    localrule: True
    message:
        "Writing what was made, from what, by which code"
    script:
        "../scripts/provenance.py"
