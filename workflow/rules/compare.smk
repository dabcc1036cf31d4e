"""Models side by side on the map, where the truth is known: images alone, fused, and their mosaic."""

from pathlib import Path


rule compare_images:
    input:
        checkpoint=f"{RUN}/models/{{model}}/checkpoint.pt",
        images=of_each_image("projected/{product}.tif"),
    output:
        folder_made(f"{COMPARED}/alone{{offset}}"),
    log:
        log_of("compare_images", "model", "target", "offset"),
    benchmark:
        benchmark_of("compare_images", "model", "target", "offset")
    wildcard_constraints:
        offset="([+-][0-9]+)?",
    conda:
        "../../envs/learn.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=rising(8000),
        runtime=rising(480),
        gpu_turn=1,
    params:
        code=code_digest("infer_images.py"),
        inference=lambda wildcards: (deciding(config["inference"]) | {"sun_offset_deg": float(wildcards.offset or 0)}),
    message:
        "{wildcards.model} searches each image of {wildcards.target} for fractures"
    script:
        "../scripts/infer_images.py"


rule compare_fused:
    input:
        alone=f"{COMPARED}/alone/{FOLDER_SUMS}",
        images=of_each_image("projected/{product}.tif"),
    output:
        f"{COMPARED}/fused.tif",
    log:
        log_of("compare_fused", "model", "target"),
    benchmark:
        benchmark_of("compare_fused", "model", "target")
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(120),
    params:
        code=code_digest("compare_fused.py"),
        place=place,
    message:
        "The probabilities of {wildcards.model} in all images of {wildcards.target} are fused"
    script:
        "../scripts/compare_fused.py"


rule compare_one_image:
    input:
        alone=f"{COMPARED}/alone/{FOLDER_SUMS}",
        images=of_each_image("projected/{product}.tif"),
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
    output:
        f"{COMPARED}/one_image.tif",
    log:
        log_of("compare_one_image", "model", "target"),
    benchmark:
        benchmark_of("compare_one_image", "model", "target")
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("compare_one_image.py"),
    message:
        "For each pixel of {wildcards.target}, the probability of one image is taken ({wildcards.model})"
    script:
        "../scripts/compare_one_image.py"


rule compare_mosaic:
    input:
        checkpoint=f"{RUN}/models/{{model}}/checkpoint.pt",
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
    output:
        f"{COMPARED}/mosaic.tif",
    log:
        log_of("compare_mosaic", "model", "target"),
    benchmark:
        benchmark_of("compare_mosaic", "model", "target")
    conda:
        "../../envs/learn.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=rising(8000),
        runtime=rising(480),
        gpu_turn=1,
    params:
        code=code_digest("infer_mosaic.py"),
        inference=deciding(config["inference"]),
    message:
        "{wildcards.model} searches the mosaic of {wildcards.target} for fractures"
    script:
        "../scripts/infer_mosaic.py"


rule score_images:
    input:
        alone=f"{COMPARED}/alone{{offset}}/{FOLDER_SUMS}",
        images=of_each_image("projected/{product}.tif"),
        truth=f"{RUN}/{{target}}/simulated/truth.tif",
        objects=f"{RUN}/{{target}}/simulated/truth.gpkg",
        labels=f"{RUN}/{{target}}/labels.tif",
    output:
        folder_made(f"{COMPARED}/scores/alone{{offset}}"),
    log:
        log_of("score_images", "model", "target", "offset"),
    benchmark:
        benchmark_of("score_images", "model", "target", "offset")
    wildcard_constraints:
        offset="([+-][0-9]+)?",
    group:
        "score"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("score_images.py"),
        threshold=config["mapping"]["threshold"] or THRESHOLD,
        min_area_m2=lookup("mapping/min_area_m2", within=config),
    message:
        "{wildcards.model} is scored on each image of {wildcards.target}"
    script:
        "../scripts/score_images.py"


rule score_map:
    input:
        probability=f"{COMPARED}/{{part}}.tif",
        # Seams and shadows are those of the mosaic for all maps, so that all are scored in the same places.
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
        images=of_each_image("projected/{product}.tif"),
        truth=f"{RUN}/{{target}}/simulated/truth.tif",
        objects=f"{RUN}/{{target}}/simulated/truth.gpkg",
        labels=f"{RUN}/{{target}}/labels.tif",
    output:
        f"{COMPARED}/scores/{{part}}.json",
    log:
        log_of("score_map", "model", "target", "part"),
    benchmark:
        benchmark_of("score_map", "model", "target", "part")
    wildcard_constraints:
        part="fused|mosaic|one_image",
    group:
        "score"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("score.py"),
        threshold=config["mapping"]["threshold"] or THRESHOLD,
        min_area_m2=lookup("mapping/min_area_m2", within=config),
    message:
        "{wildcards.model} is scored on {wildcards.target} ({wildcards.part})"
    script:
        "../scripts/score.py"


rule score_labels:
    input:
        image=f"{RUN}/{{target}}/mosaic.tif",
        truth=f"{RUN}/{{target}}/simulated/truth.tif",
        objects=f"{RUN}/{{target}}/simulated/truth.gpkg",
        labels=f"{RUN}/{{target}}/labels.tif",
    output:
        f"{RUN}/compared/labels/{{target}}.json",
    log:
        log_of("score_labels", "target"),
    benchmark:
        benchmark_of("score_labels", "target")
    group:
        "score"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("score_labels.py"),
        min_area_m2=lookup("mapping/min_area_m2", within=config),
    message:
        "The labels of {wildcards.target} are scored"
    script:
        "../scripts/score_labels.py"


rule compare:
    input:
        scores=lambda wildcards: [
            path if Path(path).suffix else f"{path}/{FOLDER_SUMS}"
            for row in compared_rows(wildcards.question, wildcards.table)
            for path in row_scores(RUN, row, SCORED_TARGETS)
        ],
        metrics=lambda wildcards: trained_metrics(model for _, _, model in compared_models(wildcards.question)),
        labels=expand(f"{RUN}/compared/labels/{{target}}.json", target=SCORED_TARGETS),
    output:
        markdown=f"{RUN}/comparison/{{question}}/{{table}}.md",
        csv=f"{RUN}/comparison/{{question}}/{{table}}.csv",
        html=f"{RUN}/comparison/{{question}}/{{table}}.html",
        figures=directory(f"{RUN}/comparison/{{question}}/{{table}}_figures"),
    log:
        log_of("compare", "question", "table"),
    benchmark:
        benchmark_of("compare", "question", "table")
    wildcard_constraints:
        question="|".join(QUESTIONS) or "none",
        table=one_of(COMPARISON_TABLES),
    conda:
        "../../envs/learn.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(30),
    params:
        code=code_digest("compare.py"),
        models=lambda wildcards: [
            {
                **{key: row.get(key) for key in ("name", "model", "seed", "sun_offset_deg")},
                "scores": row_scores(RUN_ON_DISK, row, SCORED_TARGETS),
                "metrics": next(iter(trained_metrics([row["trained"]], RUN_ON_DISK)), None),
            }
            for row in compared_rows(wildcards.question, wildcards.table)
        ],
        labels=expand(f"{RUN_ON_DISK}/compared/labels/{{target}}.json", target=SCORED_TARGETS),
        title=lambda wildcards: for_page(
            f"{QUESTIONS[wildcards.question]['title']}: {COMPARISON_TABLES[wildcards.table]}"
        ),
    message:
        "Models are compared: {params.title}"
    script:
        "../scripts/compare.py"


rule comparison:
    input:
        [comparison_tables(question) for question in QUESTIONS],
    localrule: True


# One rule for each question, so that `snakemake comparison_sun` answers that one.
for question in QUESTIONS:

    rule:
        name:
            f"comparison_{question}"
        input:
            comparison_tables(question),
        localrule: True
