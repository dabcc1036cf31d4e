"""Models: trained here, or taken from a checkpoint."""


rule train:
    input:
        split=model_split,
        tiles=model_tiles,
        weights=starting_weights,
        encoder_weights=starting_encoder,
    output:
        checkpoint=f"{RUN}/models/{{model}}/checkpoint.pt",
        metrics=f"{RUN}/models/{{model}}/metrics.json",
        curves=shown(f"{RUN}/models/{{model}}/curves.png", "curves", "Training", what="{model}"),
    log:
        log_of("train", "model"),
    benchmark:
        benchmark_of("train", "model")
    wildcard_constraints:
        model=models_with("architecture"),
    conda:
        "../../envs/learn.yaml"
    threads: DEVICES * config["training"]["threads"]
    resources:
        mem_mb=rising(DEVICES * 16000),
        runtime="2d",
        gpu_turn=1,
    params:
        model=lambda wildcards: model_settings(wildcards.model),
        training=deciding(config["training"]),
        augmentation=lambda wildcards: recipe_augmentation(model_settings(wildcards.model)["recipe"]),
    message:
        "Training {wildcards.model}"
    script:
        "../scripts/train.py"


rule fetch_weights:
    output:
        f"{RUN}/models/{{source}}.{{network}}.pth",
    log:
        log_of("fetch_weights", "source", "network"),
    benchmark:
        benchmark_of("fetch_weights", "source", "network")
    wildcard_constraints:
        source="coco|imagenet",
        network=one_of([*DEEPLABS, *IMAGENET_ENCODERS]),
    localrule: True
    conda:
        "../../envs/learn.yaml"
    resources:
        connections=1,
    message:
        "Fetching weights of {wildcards.network} ({wildcards.source})"
    script:
        "../scripts/fetch_weights.py"


rule use_checkpoint:
    input:
        lambda wildcards: local_path(model_settings(wildcards.model)["checkpoint"]),
    output:
        f"{RUN}/models/{{model}}/checkpoint.pt",
    log:
        log_of("use_checkpoint", "model"),
    benchmark:
        benchmark_of("use_checkpoint", "model")
    wildcard_constraints:
        model=models_with("checkpoint"),
    localrule: True
    conda:
        "../../envs/learn.yaml"
    params:
        input_scaling=lambda wildcards: model_settings(wildcards.model)["input_scaling"],
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
        model=models_with("zenodo"),
    localrule: True
    conda:
        "../../envs/learn.yaml"
    params:
        record=lambda wildcards: model_settings(wildcards.model)["zenodo"],
        input_scaling=lambda wildcards: model_settings(wildcards.model)["input_scaling"],
        acquisition=lookup("acquisition", within=config),
    message:
        "Fetching the published weights of {wildcards.model}"
    script:
        "../scripts/fetch_checkpoint.py"
