"""Calibration of a model's probabilities, its threshold, and what its maps miss: from the targets of role validation."""


rule infer_uncalibrated:
    input:
        checkpoint=f"{RUN}/models/{{model}}/checkpoint.pt",
        images=of_each_image("projected/{product}.tif"),
    output:
        folder_made(f"{RUN}/models/{{model}}/uncalibrated/{{target}}"),
    log:
        log_of("infer_uncalibrated", "model", "target"),
    benchmark:
        benchmark_of("infer_uncalibrated", "model", "target")
    conda:
        "../../envs/learn.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=rising(8000),
        runtime=rising(480),
        gpu_turn=1,
    params:
        code=code_digest("infer_images.py"),
        inference=deciding(config["inference"]) | {"calibrated": False},
    message:
        "{wildcards.model} searches each image of {wildcards.target} for its calibration"
    script:
        "../scripts/infer_images.py"


rule calibrate_model:
    input:
        checkpoint=f"{RUN}/models/{{model}}/checkpoint.pt",
        probabilities=[f"{RUN}/models/{{model}}/uncalibrated/{target}/{FOLDER_SUMS}" for target in CALIBRATED_ON],
        images=lambda wildcards: [path for place in calibration_places(wildcards, RUN) for path in place["images"]],
        truth=lambda wildcards: [
            place[name]
            for place in calibration_places(wildcards, RUN)
            for name in ("classes", "objects")
            if place[name]
        ],
    output:
        checkpoint=f"{RUN}/models/{{model}}/calibrated.pt",
        report=f"{RUN}/models/{{model}}/calibration.json",
        chances=f"{RUN}/models/{{model}}/completeness.csv",
        figure=shown(f"{RUN}/models/{{model}}/calibration.png", "calibration", "Calibration", what="{model}"),
    log:
        log_of("calibrate_model", "model"),
    benchmark:
        benchmark_of("calibrate_model", "model")
    conda:
        "../../envs/learn.yaml"
    resources:
        mem_mb=rising(8000),
        runtime=rising(240),
    params:
        code=code_digest("calibrate_model.py"),
        places=lambda wildcards: calibration_places(wildcards, RUN_ON_DISK),
        min_area_m2=lookup("mapping/min_area_m2", within=config),
        resolution_m=lookup("processing/resolution_m", within=config),
    message:
        "{wildcards.model} is calibrated on {CALIBRATED_ON}"
    script:
        "../scripts/calibrate_model.py"


rule calibration:
    input:
        f"{RUN}/models/{config['inference'].get('model')}/calibrated.pt",
    localrule: True
