"""Models: trained here, or taken from a checkpoint."""


rule train:
    input:
        split=rules.split.output[0],
        tiles=tiles_of("train"),
        weights=starting_weights,
    output:
        checkpoint=f"{RUN}/models/{{model}}/checkpoint.pt",
        metrics=f"{RUN}/models/{{model}}/metrics.json",
        curves=f"{RUN}/models/{{model}}/curves.png",
    log:
        log_of("train", "model"),
    benchmark:
        benchmark_of("train", "model")
    wildcard_constraints:
        model=one_of(models_with("architecture")),
    conda:
        "../../envs/learn.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=16000,
        runtime="2d",
    params:
        model=lambda wildcards: MODELS[wildcards.model],
        training=lookup("training", within=config),
        augmentation=lookup("augmentation", within=config),
        seed=SEED,
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
    wildcard_constraints:
        model=one_of(models_with("checkpoint")),
    localrule: True
    conda:
        "../../envs/learn.yaml"
    message:
        "Checking and taking in the checkpoint of {wildcards.model}"
    script:
        "../scripts/use_checkpoint.py"


rule fetch_checkpoint:
    output:
        f"{RUN}/models/{{model}}/checkpoint.pt",
    log:
        log_of("fetch_checkpoint", "model"),
    benchmark:
        benchmark_of("fetch_checkpoint", "model")
    wildcard_constraints:
        model=one_of(models_with("zenodo")),
    localrule: True
    conda:
        "../../envs/learn.yaml"
    params:
        record=lambda wildcards: MODELS[wildcards.model]["zenodo"],
        acquisition=lookup("acquisition", within=config),
    message:
        "Fetching the published weights of {wildcards.model}"
    script:
        "../scripts/fetch_checkpoint.py"
