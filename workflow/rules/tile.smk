"""Tiles for training and evaluation, each cut from one image."""


rule tile:
    input:
        image=tile_image,
        labels=rules.label.output[0],
        truth=tile_truth,
    output:
        f"{RUN}/{{target}}/tiles/{{recipe}}/{{product}}.npz",
    log:
        log_of("tile", "target", "recipe", "product"),
    benchmark:
        benchmark_of("tile", "target", "recipe", "product")
    group:
        "image"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        tiles=lookup("tiles", within=config),
        training=lambda wildcards: TARGETS[wildcards.target]["role"] == "train",
    message:
        "Cutting tiles of {wildcards.product} over {wildcards.target} ({wildcards.recipe})"
    script:
        "../scripts/tile.py"


rule split:
    input:
        lambda wildcards: training_tiles(wildcards.recipe, float(wildcards.scale[1:-1]) if wildcards.scale else None),
    output:
        f"{RUN}/models/split.{{recipe}}.{{split_by}}{{scale}}.csv",
    log:
        f"{RUN}/logs/split/{{recipe}}.{{split_by}}{{scale}}.log",
    benchmark:
        f"{RUN}/benchmarks/split/{{recipe}}.{{split_by}}{{scale}}.tsv"
    wildcard_constraints:
        split_by=one_of(SPLITS),
        scale=r"(\.[0-9.]+m)?",
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(15),
    params:
        validation_fraction=lookup("tiles/validation_fraction", within=config),
        seed=SEED,
    message:
        "Splitting tiles into training and validation by {wildcards.split_by} ({wildcards.recipe})"
    script:
        "../scripts/split.py"
