"""The 8-bit mosaic of a target, and the source image of each of its pixels."""


rule mosaic:
    input:
        of_each_image("projected/{product}.tif"),
    output:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
    log:
        log_of("mosaic", "target"),
    benchmark:
        benchmark_of("mosaic", "target")
    wildcard_constraints:
        target=one_of(target_choice.mosaicked(config, "native")),
    conda:
        "../../envs/geo.yaml"
    threads: 2
    resources:
        mem_mb=rising(4000),
        runtime=rising(240),
    params:
        code=code_digest("mosaic.py"),
        place=place,
        mosaic=lookup("processing/mosaic", within=config),
    message:
        "The mosaic of {wildcards.target} is made from its images"
    script:
        "../scripts/mosaic.py"


rule isis_mosaic:
    input:
        of_each_image("isis/{product}.map.cub"),
    output:
        mosaic=isis_mosaic_cubes(),
        equalized=isis_equalized(),
    log:
        log_of("isis_mosaic", "target"),
    benchmark:
        benchmark_of("isis_mosaic", "target")
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(240),
    params:
        code=code_digest("isis_mosaic.py"),
        brightness=BRIGHTNESS,
        priority=config["processing"]["mosaic"]["priority"],
        products=lambda wildcards: usable(wildcards.target),
    message:
        "equalizer and automos make the mosaic of {wildcards.target}"
    script:
        "../scripts/isis_mosaic.py"


rule isis_picture:
    input:
        cubes=rules.isis_mosaic.output.mosaic,
        images=of_each_image("projected/{product}.tif"),
    output:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
    log:
        log_of("isis_picture", "target"),
    benchmark:
        benchmark_of("isis_picture", "target")
    wildcard_constraints:
        target=one_of(target_choice.mosaicked(config, "isis")),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(120),
    params:
        code=code_digest("isis_picture.py"),
        place=place,
        mosaic=lookup("processing/mosaic", within=config),
        products=lambda wildcards: usable(wildcards.target),
    message:
        "The mosaic of {wildcards.target} is stretched to 8 bit"
    script:
        "../scripts/isis_picture.py"


rule import_mosaic:
    input:
        finished_mosaic,
    output:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
    log:
        log_of("import_mosaic", "target"),
    benchmark:
        benchmark_of("import_mosaic", "target")
    wildcard_constraints:
        target=one_of(targets_taken_in()),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(120),
    params:
        code=code_digest("import_mosaic.py"),
        content=content_of(finished_mosaic),
        place=place,
        stretch=lookup("processing/mosaic/stretch", within=config),
        nodata=nodata_of,
    message:
        "The finished mosaic of {wildcards.target} is imported"
    script:
        "../scripts/import_mosaic.py"
