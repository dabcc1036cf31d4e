"""Models: trained here, or taken from a checkpoint."""


rule train:
    input:
        split=lambda wildcards: f"{RUN}/models/{model_choice.split_name(config, wildcards.model)}",
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
        code=code_digest("train.py"),
        content=content_of(starting_weights, starting_encoder),
        model=lambda wildcards: model_settings(wildcards.model),
        training=deciding(config["training"]),
        augmentation=lambda wildcards: model_choice.recipe_augmentation(
            config, model_settings(wildcards.model)["recipe"]
        ),
    message:
        "{wildcards.model} is trained"
    script:
        "../scripts/train.py"


rule fetch_weights:
    output:
        # Weights that are there and right are not fetched again.
        update(f"{RUN}/models/{{source}}.{{network}}.pth"),
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
    params:
        code=code_digest("fetch_weights.py"),
    message:
        "Weights of {wildcards.network} are fetched ({wildcards.source})"
    script:
        "../scripts/fetch_weights.py"


rule use_checkpoint:
    input:
        given_checkpoint,
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
        code=code_digest("use_checkpoint.py"),
        content=content_of(given_checkpoint),
        stated=lambda wildcards: {key: model_settings(wildcards.model).get(key) for key in ("recipe", "resolution_m")},
        input_scaling=lambda wildcards: model_settings(wildcards.model)["input_scaling"],
    message:
        "The checkpoint of {wildcards.model} is checked and copied"
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
        code=code_digest("fetch_checkpoint.py"),
        record=lambda wildcards: model_settings(wildcards.model)["zenodo"],
        input_scaling=lambda wildcards: model_settings(wildcards.model)["input_scaling"],
        acquisition=lookup("acquisition", within=config),
    message:
        "The published weights of {wildcards.model} are fetched"
    script:
        "../scripts/fetch_checkpoint.py"


rule export_onnx:
    input:
        f"{RUN}/models/{{model}}/checkpoint.pt",
    output:
        f"{RUN}/models/{{model}}/model.onnx",
    log:
        log_of("export_onnx", "model"),
    benchmark:
        benchmark_of("export_onnx", "model")
    conda:
        "../../envs/learn.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("export_onnx.py"),
    message:
        "{wildcards.model} is written as an ONNX file"
    script:
        "../scripts/export_onnx.py"
