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
        target=one_of(targets_from("search", "products", "edrs", "cubes", "simulate")),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=4000,
    params:
        place=place,
        mosaic=lookup("processing/mosaic", within=config),
    message:
        "Mosaicking {wildcards.target}"
    script:
        "../scripts/mosaic.py"


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
        target=one_of(targets_from("mosaic")),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=4000,
    message:
        "Taking in the mosaic of {wildcards.target}"
    script:
        "../scripts/import_mosaic.py"
