"""Tiles for training and evaluation, each cut from one image."""


rule tile:
    input:
        image=f"{RUN}/{{target}}/projected/{{product}}.tif",
        labels=rules.label.output[0],
        truth=truth_raster,
    output:
        f"{RUN}/{{target}}/tiles/{{recipe}}/{{product}}.npz",
    log:
        log_of("tile", "target", "recipe", "product"),
    benchmark:
        benchmark_of("tile", "target", "recipe", "product")
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=4000,
    params:
        tiles=lookup("tiles", within=config),
        training=lambda wildcards: TARGETS[wildcards.target]["role"] == "train",
    message:
        "Cutting tiles of {wildcards.product} over {wildcards.target} ({wildcards.recipe})"
    script:
        "../scripts/tile.py"


rule split:
    input:
        lambda wildcards: training_tiles(wildcards.recipe),
    output:
        f"{RUN}/models/split.{{recipe}}.{{way}}.csv",
    log:
        log_of("split", "recipe", "way"),
    benchmark:
        benchmark_of("split", "recipe", "way")
    wildcard_constraints:
        way="tile|place",
    conda:
        "../../envs/geo.yaml"
    params:
        validation_fraction=lookup("tiles/validation_fraction", within=config),
        seed=SEED,
    message:
        "Splitting tiles into training and validation by {wildcards.way} ({wildcards.recipe})"
    script:
        "../scripts/split.py"
