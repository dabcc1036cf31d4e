"""Tiles for training and evaluation, each cut from one image."""


rule tile:
    input:
        image=tile_image,
        labels=rules.label.output[0],
        # The pixels of a coarser map are not those of the truth.
        truth=lambda wildcards: truth_raster(wildcards) if origin(wildcards.target) == wildcards.target else [],
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
        code=code_digest("tile.py"),
        tiles=lookup("tiles", within=config),
        training=lambda wildcards: TARGETS[wildcards.target]["role"] == "train",
    message:
        "{wildcards.product} over {wildcards.target} is cut into tiles ({wildcards.recipe})"
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
        code=code_digest("split.py"),
        validation_fraction=lookup("tiles/validation_fraction", within=config),
        seed=SEED,
    message:
        "Tiles are split into training and validation by {wildcards.split_by} ({wildcards.recipe})"
    script:
        "../scripts/split.py"
