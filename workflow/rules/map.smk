"""What a geologist looks at: the map, and its numbers."""


rule map:
    input:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        fractures=f"{RUN}/{{target}}/fractures.gpkg",
        images=lambda wildcards: (
            [] if "mosaic" in TARGETS[wildcards.target] else of_each_image("projected/{product}.tif")(wildcards)
        ),
        boundary=boundary_file,
        truth=truth_raster,
    output:
        png=f"{RUN}/{{target}}/map.png",
        pdf=f"{RUN}/{{target}}/map.pdf",
        summary=f"{RUN}/{{target}}/summary.json",
    log:
        log_of("map", "target"),
    benchmark:
        benchmark_of("map", "target")
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=4000,
    params:
        title=lambda wildcards: TARGETS[wildcards.target].get("title", wildcards.target),
        mapping=lookup("mapping", within=config),
        recipe=RECIPE,
        footer=lambda wildcards: map_footer(wildcards.target),
    message:
        "Drawing the map of {wildcards.target}"
    script:
        "../scripts/map.py"
