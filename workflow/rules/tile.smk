"""Tiles for training and evaluation, each cut from one image."""


def truth_raster(wildcards):
    """The exact classes of a simulated target."""
    return f"{RUN}/{wildcards.target}/simulated/truth.tif" if "simulate" in TARGETS[wildcards.target] else []


def tiles_of(*roles):
    """Input function: the tiles of every image of the targets with these roles."""
    return lambda wildcards: [
        f"{RUN}/{target}/tiles/{product}.npz" for target in targets_with_role(*roles) for product in products(target)
    ]


rule tile:
    input:
        image=f"{RUN}/{{target}}/projected/{{product}}.tif",
        labels=rules.label.output,
        truth=truth_raster,
    output:
        f"{RUN}/{{target}}/tiles/{{product}}.npz",
    params:
        recipe=RECIPE,
        tiles=lookup("tiles", within=config),
        training=lambda wildcards: TARGETS[wildcards.target]["role"] == "train",
    log:
        log_of("tile", "target", "product"),
    benchmark:
        benchmark_of("tile", "target", "product")
    resources:
        mem_mb=4000,
    conda:
        "../../envs/geo.yaml"
    message:
        "Cutting tiles of {wildcards.product} over {wildcards.target}"
    script:
        "../scripts/tile.py"


rule split:
    input:
        tiles_of("train"),
    output:
        f"{RUN}/models/split.csv",
    params:
        validation_fraction=lookup("tiles/validation_fraction", within=config),
        seed=SEED,
    log:
        log_of("split"),
    benchmark:
        benchmark_of("split")
    conda:
        "../../envs/geo.yaml"
    message:
        "Splitting tiles into training and validation"
    script:
        "../scripts/split.py"
