"""Models: trained here, or taken from a checkpoint."""


def models_with(key):
    return [name for name, model in MODELS.items() if key in model]


def starting_weights(wildcards):
    """File that training starts from, where the config names one."""
    weights = MODELS[wildcards.model]["weights"]
    return [] if weights in (None, "coco") else local_path(weights)


rule train:
    input:
        split=rules.split.output,
        tiles=tiles_of("train"),
        weights=starting_weights,
    output:
        checkpoint=f"{RUN}/models/{{model}}/checkpoint.pt",
        metrics=f"{RUN}/models/{{model}}/metrics.json",
        curves=f"{RUN}/models/{{model}}/curves.png",
    params:
        model=lambda wildcards: MODELS[wildcards.model],
        training=lookup("training", within=config),
        augmentation=lookup("augmentation", within=config),
        seed=SEED,
    log:
        log_of("train", "model"),
    benchmark:
        benchmark_of("train", "model")
    threads: config["training"]["threads"]
    resources:
        mem_mb=16000,
        runtime="2d",
    conda:
        "../../envs/learn.yaml"
    wildcard_constraints:
        model=one_of(models_with("architecture")),
    message:
        "Training {wildcards.model}"
    script:
        "../scripts/train.py"


rule use_checkpoint:
    input:
        lambda wildcards: local_path(MODELS[wildcards.model]["checkpoint"]),
    output:
        f"{RUN}/models/{{model}}/checkpoint.pt",
    log:
        log_of("use_checkpoint", "model"),
    benchmark:
        benchmark_of("use_checkpoint", "model")
    conda:
        "../../envs/learn.yaml"
    wildcard_constraints:
        model=one_of(models_with("checkpoint")),
    localrule: True
    message:
        "Checking and taking in the checkpoint of {wildcards.model}"
    script:
        "../scripts/use_checkpoint.py"


rule fetch_checkpoint:
    output:
        f"{RUN}/models/{{model}}/checkpoint.pt",
    params:
        record=lambda wildcards: MODELS[wildcards.model]["zenodo"],
        acquisition=lookup("acquisition", within=config),
    log:
        log_of("fetch_checkpoint", "model"),
    benchmark:
        benchmark_of("fetch_checkpoint", "model")
    conda:
        "../../envs/learn.yaml"
    wildcard_constraints:
        model=one_of(models_with("zenodo")),
    localrule: True
    message:
        "Fetching the published weights of {wildcards.model}"
    script:
        "../scripts/fetch_checkpoint.py"
