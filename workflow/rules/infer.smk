"""Probability of fractures: of each image, fused on the map (sun_aligned), or of the mosaic (paper)."""

if RECIPE == "sun_aligned":

    rule infer_image:
        input:
            checkpoint=checkpoint,
            image=f"{RUN}/{{target}}/projected/{{product}}.tif",
        output:
            f"{RUN}/{{target}}/probability/{{product}}.tif",
        log:
            log_of("infer_image", "target", "product"),
        benchmark:
            benchmark_of("infer_image", "target", "product")
        group:
            "infer"
        conda:
            "../../envs/learn.yaml"
        threads: config["training"]["threads"]
        resources:
            mem_mb=rising(8000),
            runtime=rising(120),
            gpu_turn=1,
        params:
            code=code_digest("infer_image.py"),
            inference=deciding(config["inference"]),
        message:
            "{wildcards.product} is searched for fractures"
        script:
            "../scripts/infer_image.py"

    rule fuse:
        input:
            probabilities=of_each_image("probability/{product}.tif"),
            images=of_each_image("projected/{product}.tif"),
        output:
            f"{RUN}/{{target}}/probability.tif",
        log:
            log_of("fuse", "target"),
        benchmark:
            benchmark_of("fuse", "target")
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=rising(4000),
            runtime=rising(120),
        params:
            code=code_digest("fuse.py"),
            place=place,
        message:
            "The probabilities of all images of {wildcards.target} are fused"
        script:
            "../scripts/fuse.py"

else:

    rule infer_mosaic:
        input:
            checkpoint=mosaic_checkpoint,
            mosaic=f"{RUN}/{{target}}/mosaic.tif",
        output:
            f"{RUN}/{{target}}/probability.tif",
        log:
            log_of("infer_mosaic", "target"),
        benchmark:
            benchmark_of("infer_mosaic", "target")
        conda:
            "../../envs/learn.yaml"
        threads: config["training"]["threads"]
        resources:
            mem_mb=rising(8000),
            runtime=rising(480),
            gpu_turn=1,
        params:
            code=code_digest("infer_mosaic.py"),
            inference=deciding(config["inference"]),
        message:
            "The mosaic of {wildcards.target} is searched for fractures"
        script:
            "../scripts/infer_mosaic.py"
