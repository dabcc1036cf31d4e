"""What a target is taken away as: tables, outlines, a QGIS project, a viewer, a STAC catalogue."""


rule tables:
    input:
        fractures=rules.vectorise.output.gpkg,
        summary=rules.statistics.output.summary,
    output:
        fractures=shown(f"{RUN}/{{target}}/fractures.csv", "fractures", what="each fracture"),
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
    message:
        "Writing the numbers of {wildcards.target} as tables"
    script:
        "../scripts/tables.py"


rule footprints:
    input:
        footprint_rasters,
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
    message:
        "Outlining the images of {wildcards.target}"
    script:
        "../scripts/footprints.py"


rule qgis:
    input:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        probability=f"{RUN}/{{target}}/probability.tif",
        fractures=rules.vectorise.output.gpkg,
        footprints=rules.footprints.output[0],
        boundary=boundary_file,
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
        title=title_of,
    message:
        "Writing the QGIS project of {wildcards.target}"
    script:
        "../scripts/qgis.py"


rule viewer:
    input:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        probability=f"{RUN}/{{target}}/probability.tif",
        fractures=rules.vectorise.output.gpkg,
        footprints=rules.footprints.output[0],
        boundary=boundary_file,
        images=viewer_images,
    output:
        directory(f"{RUN}/{{target}}/viewer"),
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
        title=title_of,
        footer=lambda wildcards: map_footer(wildcards.target),
    message:
        "Building the viewer of {wildcards.target}"
    script:
        "../scripts/viewer.py"


rule stac:
    input:
        products=lambda wildcards: products_of(wildcards.target),
        images=target_images,
        probabilities=lambda wildcards: (
            of_each_image("probability/{product}.tif")(wildcards) if RECIPE == "sun_aligned" else []
        ),
    output:
        directory(f"{RUN}/{{target}}/stac"),
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
        title=title_of,
        description=lambda wildcards: map_footer(wildcards.target),
    message:
        "Cataloguing {wildcards.target}"
    script:
        "../scripts/stac.py"


rule catalog:
    input:
        expand(rules.stac.output[0], target=targets_with_role("map")),
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
        run=config["run"]["name"],
    message:
        "Writing the STAC catalogue of the run"
    script:
        "../scripts/catalog.py"
