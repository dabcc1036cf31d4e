"""Products of a target to take away: tables, outlines, a QGIS project, a viewer, a STAC catalogue."""


rule tables:
    input:
        fractures=rules.vectorise.output.gpkg,
        summary=rules.statistics.output.summary,
    output:
        fractures=shown(f"{RUN}/{{target}}/fractures.csv", "fractures", what="each fracture"),
        parquet=f"{RUN}/{{target}}/fractures.parquet",
        profiles=f"{RUN}/{{target}}/width_profiles.csv",
        statistics=shown(f"{RUN}/{{target}}/statistics.csv", "statistics", what="all fractures"),
    log:
        log_of("tables", "target"),
    benchmark:
        benchmark_of("tables", "target")
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(30),
    params:
        code=code_digest("tables.py"),
    message:
        "The tables of {wildcards.target} are written"
    script:
        "../scripts/tables.py"


rule footprints:
    input:
        lambda wildcards: target_images(wildcards) or [f"{RUN}/{wildcards.target}/mosaic.tif"],
    output:
        f"{RUN}/{{target}}/footprints.gpkg",
    log:
        log_of("footprints", "target"),
    benchmark:
        benchmark_of("footprints", "target")
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(30),
    params:
        code=code_digest("footprints.py"),
    message:
        "The outlines of the images of {wildcards.target} are written"
    script:
        "../scripts/footprints.py"


rule qgis:
    input:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        probability=f"{RUN}/{{target}}/probability.tif",
        fractures=rules.vectorise.output.gpkg,
        footprints=rules.footprints.output[0],
        boundary=boundary_file,
        density=rules.statistics.output.density,
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
        images=target_images,
    output:
        f"{RUN}/{{target}}/map.qgz",
    log:
        log_of("qgis", "target"),
    benchmark:
        benchmark_of("qgis", "target")
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(15),
    params:
        code=code_digest("qgis.py"),
        content=content_of(boundary_file),
        title=title_of,
    message:
        "The QGIS project of {wildcards.target} is written"
    script:
        "../scripts/qgis.py"


rule viewer:
    input:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        probability=f"{RUN}/{{target}}/probability.tif",
        fractures=rules.vectorise.output.gpkg,
        footprints=rules.footprints.output[0],
        density=f"{RUN}/{{target}}/density.tif",
        boundary=boundary_file,
        images=lambda wildcards: target_images(wildcards) if config["products"]["viewer_images"] else [],
    output:
        folder_made(f"{RUN}/{{target}}/viewer"),
    log:
        log_of("viewer", "target"),
    benchmark:
        benchmark_of("viewer", "target")
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=rising(4000),
        runtime=rising(120),
    params:
        code=code_digest("viewer.py"),
        content=content_of(boundary_file),
        title=title_of,
        footer=footer_of,
    message:
        "The viewer of {wildcards.target} is built"
    script:
        "../scripts/viewer.py"


rule stac:
    input:
        products=lambda wildcards: products_of(wildcards.target),
        images=target_images,
        probabilities=image_probabilities,
    output:
        folder_made(f"{RUN}/{{target}}/stac"),
    log:
        log_of("stac", "target"),
    benchmark:
        benchmark_of("stac", "target")
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(15),
    params:
        code=code_digest("stac.py"),
        title=title_of,
        description=footer_of,
        producers=lambda wildcards: model_choice.image_producers(config, wildcards.target),
    message:
        "The STAC catalogue of {wildcards.target} is written"
    script:
        "../scripts/stac.py"


rule catalog:
    input:
        expand(rules.stac.output[1], target=targets_with_role("map")),
    output:
        f"{RUN}/catalog.json",
    log:
        log_of("catalog"),
    benchmark:
        benchmark_of("catalog")
    localrule: True
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_digest("catalog.py"),
        run=config["run"]["name"],
    message:
        "The STAC catalogue of the run is written"
    script:
        "../scripts/catalog.py"


rule merge_fractures:
    input:
        fractures=expand(f"{RUN}/{{target}}/fractures.gpkg", target=targets_with_role("map")),
        probabilities=expand(f"{RUN}/{{target}}/probability.tif", target=targets_with_role("map")),
    output:
        gpkg=f"{RUN}/fractures.gpkg",
        parquet=f"{RUN}/fractures.parquet",
    log:
        log_of("merge_fractures"),
    benchmark:
        benchmark_of("merge_fractures")
    localrule: True
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_digest("merge_fractures.py"),
        models={name: model_choice.mapping_model(config, name) for name in targets_with_role("map")},
        threshold=config["mapping"]["threshold"],
    message:
        "The fractures of all maps are written to one file"
    script:
        "../scripts/merge_fractures.py"
