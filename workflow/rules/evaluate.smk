"""The paper's metrics on craters that training has not seen."""


rule evaluate:
    input:
        checkpoint=f"{RUN}/models/{{model}}/checkpoint.pt",
        tiles=lambda wildcards: tiles_of(wildcards.target, model_settings(wildcards.model)["recipe"]),
    output:
        f"{RUN}/evaluation/{{model}}/{{target}}.json",
    log:
        log_of("evaluate", "model", "target"),
    benchmark:
        benchmark_of("evaluate", "model", "target")
    conda:
        "../../envs/learn.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=rising(8000),
        runtime=rising(120),
        gpu_turn=1,
    params:
        code=code_digest("evaluate.py"),
        role=lambda wildcards: TARGETS[wildcards.target]["role"],
        batch_size=lambda wildcards: model_settings(wildcards.model)["batch_size"],
        precision=lookup("inference/precision", within=config),
        threshold=lookup("evaluation/threshold", within=config),
    message:
        "{wildcards.model} is evaluated on {wildcards.target}"
    script:
        "../scripts/evaluate.py"


rule evaluation:
    input:
        metrics=trained_metrics(config["evaluation"]["models"]),
        targets=[f"{RUN}/evaluation/{model}/{target}.json" for model, target in model_choice.evaluations(config)],
    output:
        markdown=f"{RUN}/evaluation/table.md",
        csv=f"{RUN}/evaluation/table.csv",
        html=shown(f"{RUN}/evaluation/table.html", "evaluation", "Evaluation", what="scores"),
        curves=multiext(f"{RUN}/evaluation/curves", ".png", ".pdf"),
    log:
        log_of("evaluation"),
    benchmark:
        benchmark_of("evaluation")
    conda:
        "../../envs/learn.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(30),
    params:
        code=code_digest("evaluation.py"),
        models=lookup("evaluation/models", within=config),
        trained=[model for model in config["evaluation"]["models"] if model_choice.is_trained_here(config, model)],
    message:
        "The tables of the evaluation are written"
    script:
        "../scripts/evaluation.py"
