"""One 8-bit picture of a target, and which image each of its pixels came from."""


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
        target=one_of(targets_mosaicked("native")),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(240),
    params:
        place=place,
        mosaic=lookup("processing/mosaic", within=config),
    message:
        "Mosaicking {wildcards.target}"
    script:
        "../scripts/mosaic.py"


rule isis_equalize:
    input:
        of_each_image("isis/{product}.map.cub"),
    output:
        intermediate(directory(f"{RUN}/{{target}}/isis/equalized")),
    log:
        log_of("isis_equalize", "target"),
    benchmark:
        benchmark_of("isis_equalize", "target")
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(240),
    params:
        brightness=config["processing"]["mosaic"]["brightness"],
        products=lambda wildcards: usable(wildcards.target),
    message:
        "equalizer: {wildcards.target}"
    script:
        "../scripts/isis_equalize.py"


rule isis_mosaic:
    input:
        isis_laid,
    output:
        isis_mosaic_cubes(),
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
        priority=config["processing"]["mosaic"]["priority"],
        products=lambda wildcards: usable(wildcards.target),
    message:
        "automos: {wildcards.target}"
    script:
        "../scripts/isis_mosaic.py"


rule isis_picture:
    input:
        cubes=rules.isis_mosaic.output,
        images=of_each_image("projected/{product}.tif"),
    output:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
    log:
        log_of("isis_picture", "target"),
    benchmark:
        benchmark_of("isis_picture", "target")
    wildcard_constraints:
        target=one_of(targets_mosaicked("isis")),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(120),
    params:
        place=place,
        mosaic=lookup("processing/mosaic", within=config),
        products=lambda wildcards: usable(wildcards.target),
    message:
        "Picture of the mosaic of {wildcards.target}"
    script:
        "../scripts/isis_picture.py"


rule import_mosaic:
    input:
        lambda wildcards: local_path(TARGETS[wildcards.target]["mosaic"]),
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
        place=place,
        stretch=lookup("processing/mosaic/stretch", within=config),
    message:
        "Taking in the mosaic of {wildcards.target}"
    script:
        "../scripts/import_mosaic.py"
