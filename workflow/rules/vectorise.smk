"""From probability to fractures: polygons, measures, filters, files."""


rule vectorise:
    input:
        probability=f"{RUN}/{{target}}/probability.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
        boundary=boundary_file,
        images=sheet_images,
        probabilities=image_probabilities,
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
        code=code_digest("vectorise.py"),
        content=content_of(boundary_file),
        mapping=lookup("mapping", within=config),
        recipe=RECIPE,
    message:
        "The fractures of {wildcards.target} are vectorised"
    script:
        "../scripts/vectorise.py"
