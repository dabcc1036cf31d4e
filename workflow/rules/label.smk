"""Weak labels: lines with width classes and polygons, as a mask on the target's grid."""


rule label:
    input:
        labels=label_file,
    output:
        f"{RUN}/{{target}}/labels.tif",
    log:
        log_of("label", "target"),
    benchmark:
        benchmark_of("label", "target")
    wildcard_constraints:
        target=one_of(targets_with_role("train", "validation", "test")),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=2000,
    params:
        drawn=lambda wildcards: local_path(TARGETS[wildcards.target].get("labels", "")),
        place=place,
        width_px=lookup("labels/width_px", within=config),
    message:
        "Buffering and rasterising the labels of {wildcards.target}"
    script:
        "../scripts/label.py"
