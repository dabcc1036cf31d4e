"""Weak labels: lines with width classes and polygons, as a mask on the target's grid."""


def label_file(wildcards):
    """Labels of a target. A file that is still to be drawn is no input: the rule says so when it runs."""
    if "simulate" in TARGETS[wildcards.target]:
        return f"{RUN}/{wildcards.target}/simulated/labels.gpkg"
    path = local_path(TARGETS[wildcards.target]["labels"])
    return path if Path(path).exists() else []


rule label:
    input:
        labels=label_file,
    output:
        f"{RUN}/{{target}}/labels.tif",
    params:
        drawn=lambda wildcards: local_path(TARGETS[wildcards.target].get("labels", "")),
        target=lambda wildcards: TARGETS[wildcards.target],
        processing=lookup("processing", within=config),
        width_px=lookup("labels/width_px", within=config),
    log:
        log_of("label", "target"),
    benchmark:
        benchmark_of("label", "target")
    resources:
        mem_mb=2000,
    conda:
        "../../envs/geo.yaml"
    wildcard_constraints:
        target=one_of(targets_with_role("train", "validation", "test")),
    message:
        "Buffering and rasterising the labels of {wildcards.target}"
    script:
        "../scripts/label.py"
