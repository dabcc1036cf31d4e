"""Weak labels: lines with width classes, and polygons, as a mask on the target's grid; predictions as labels to correct."""


rule label:
    input:
        labels=label_file,
        own_map=own_map,
    output:
        f"{RUN}/{{target}}/labels.tif",
    log:
        log_of("label", "target"),
    benchmark:
        benchmark_of("label", "target")
    wildcard_constraints:
        target=one_of([*targets_with_role(*LABELLED_ROLES), *targets_from("simulate")]),
    group:
        "label"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(30),
    params:
        code=code_digest("label.py"),
        content=content_of(label_file),
        drawn=lambda wildcards: local_path(TARGETS[wildcards.target].get("labels", "")),
        place=place,
        width_px=lookup("labels/width_px", within=config),
    message:
        "The labels of {wildcards.target} are buffered and rasterised"
    script:
        "../scripts/label.py"


rule check_labels:
    input:
        existing_labels(),
    output:
        f"{RUN}/labels_checked.csv",
    log:
        log_of("check_labels"),
    benchmark:
        benchmark_of("check_labels")
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(30),
    params:
        code=code_digest("check_labels.py"),
        content=content_of(existing_labels()),
        drawn={
            target: {
                "file": path,
                "place": {key: TARGETS[target][key] for key in PLACE_KEYS if key in TARGETS[target]},
                "learnt": target in targets_with_role(*LABELLED_ROLES),
            }
            for target, path in drawn_labels().items()
        },
    message:
        "The labels that people drew are checked"
    script:
        "../scripts/check_labels.py"


rule draft_labels:
    input:
        f"{RUN}/{{target}}/fractures.gpkg",
    output:
        f"{RUN}/{{target}}/draft_labels.gpkg",
    log:
        log_of("draft_labels", "target"),
    benchmark:
        benchmark_of("draft_labels", "target")
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(30),
    params:
        code=code_digest("draft_labels.py"),
        width_px=lookup("labels/width_px", within=config),
        resolution_m=lambda wildcards: TARGETS[wildcards.target]["resolution_m"],
    message:
        "The fractures of {wildcards.target} are written as labels to correct"
    script:
        "../scripts/draft_labels.py"
