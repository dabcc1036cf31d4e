"""Tiles for training and evaluation, each cut from one image."""


rule tile:
    input:
        image=f"{RUN}/{{target}}/projected/{{product}}.tif",
        labels=rules.label.output[0],
        truth=truth_raster,
    output:
        f"{RUN}/{{target}}/tiles/{{product}}.npz",
    log:
        log_of("tile", "target", "product"),
    benchmark:
        benchmark_of("tile", "target", "product")
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=4000,
    params:
        recipe=RECIPE,
        tiles=lookup("tiles", within=config),
        training=lambda wildcards: TARGETS[wildcards.target]["role"] == "train",
    message:
        "Cutting tiles of {wildcards.product} over {wildcards.target}"
    script:
        "../scripts/tile.py"


rule split:
    input:
        tiles_of("train"),
    output:
        f"{RUN}/models/split.csv",
    log:
        log_of("split"),
    benchmark:
        benchmark_of("split")
    conda:
        "../../envs/geo.yaml"
    params:
        validation_fraction=lookup("tiles/validation_fraction", within=config),
        seed=SEED,
    message:
        "Splitting tiles into training and validation"
    script:
        "../scripts/split.py"
