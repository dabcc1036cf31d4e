"""From probability to fractures: polygons, measures, filters, files."""


rule vectorise:
    input:
        probability=f"{RUN}/{{target}}/probability.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
        boundary=boundary_file,
        images=sheet_images,
        probabilities=lambda wildcards: (
            of_each_image("probability/{product}.tif")(wildcards) if RECIPE == "sun_aligned" else []
        ),
    output:
        gpkg=f"{RUN}/{{target}}/fractures.gpkg",
        shp=f"{RUN}/{{target}}/fractures.shp",
        geojson=f"{RUN}/{{target}}/fractures.geojson",
    log:
        log_of("vectorise", "target"),
    benchmark:
        benchmark_of("vectorise", "target")
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(240),
    params:
        mapping=lookup("mapping", within=config),
        recipe=RECIPE,
    message:
        "Drawing the fractures of {wildcards.target}"
    script:
        "../scripts/vectorise.py"
