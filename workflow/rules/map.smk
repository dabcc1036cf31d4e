"""The map of a target and its numbers: for geologists."""


rule map:
    input:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        fractures=f"{RUN}/{{target}}/fractures.gpkg",
        summary=f"{RUN}/{{target}}/summary.json",
        images=target_images,
        boundary=boundary_file,
    output:
        png=shown(f"{RUN}/{{target}}/map.png", "map", what="map"),
        pdf=f"{RUN}/{{target}}/map.pdf",
    log:
        log_of("map", "target"),
    benchmark:
        benchmark_of("map", "target")
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("map.py"),
        content=content_of(boundary_file),
        title=title_of,
        footer=footer_of,
    message:
        "The map of {wildcards.target} is drawn"
    script:
        "../scripts/map.py"


rule distances:
    input:
        fractures=f"{RUN}/{{target}}/fractures.gpkg",
        probability=f"{RUN}/{{target}}/probability.tif",
        boundary=boundary_file,
    output:
        json=f"{RUN}/{{target}}/distances.json",
        figures=[
            shown(f"{RUN}/{{target}}/distances.png", "distances", what="distances from the wall"),
            f"{RUN}/{{target}}/distances.pdf",
        ],
    log:
        log_of("distances", "target"),
    benchmark:
        benchmark_of("distances", "target")
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("distances.py"),
        content=content_of(boundary_file),
        title=title_of,
        random_sets=config["mapping"]["random_sets"],
        seed=SEED,
    message:
        "The distances of the fractures of {wildcards.target} from the wall are measured"
    script:
        "../scripts/distances.py"


rule statistics:
    input:
        fractures=f"{RUN}/{{target}}/fractures.gpkg",
        probability=f"{RUN}/{{target}}/probability.tif",
        images=target_images,
        boundary=boundary_file,
        distances=distances_file,
        truth=truth_raster,
    output:
        summary=f"{RUN}/{{target}}/summary.json",
        density=f"{RUN}/{{target}}/density.tif",
        density_figures=[
            shown(f"{RUN}/{{target}}/density.png", "density", what="density"),
            f"{RUN}/{{target}}/density.pdf",
        ],
        rose_figures=[
            shown(f"{RUN}/{{target}}/rose.png", "rose", what="directions"),
            f"{RUN}/{{target}}/rose.pdf",
        ],
        depth_figures=multiext(f"{RUN}/{{target}}/depth", ".png", ".pdf"),
    log:
        log_of("statistics", "target"),
    benchmark:
        benchmark_of("statistics", "target")
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("target_statistics.py"),
        content=content_of(boundary_file),
        title=title_of,
        footer=footer_of,
        mapping=lookup("mapping", within=config),
        recipe=RECIPE,
    message:
        "The statistics of the fractures of {wildcards.target} are computed"
    script:
        "../scripts/target_statistics.py"


rule check_measures:
    input:
        fractures=f"{RUN}/{{target}}/fractures.gpkg",
        probability=f"{RUN}/{{target}}/probability.tif",
        images=target_images,
        truth=lambda wildcards: f"{RUN}/{origin(wildcards.target)}/simulated/truth.gpkg",
    output:
        table=f"{RUN}/{{target}}/measures.csv",
        figures=multiext(f"{RUN}/{{target}}/measures", ".png", ".pdf"),
    log:
        log_of("check_measures", "target"),
    benchmark:
        benchmark_of("check_measures", "target")
    wildcard_constraints:
        target=one_of(filter(has_truth, TARGETS)),
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("check_measures.py"),
        title=title_of,
    message:
        "The measures of {wildcards.target} are compared with its true fractures"
    script:
        "../scripts/check_measures.py"
