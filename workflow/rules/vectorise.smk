"""From probability to fractures: polygons, measures, filters, files."""


def boundary_file(wildcards):
    """Floor and melt ponds of a target, where they are mapped."""
    target = TARGETS[wildcards.target]
    if not config["mapping"]["floor"]:
        return []
    if "simulate" in target:
        return f"{RUN}/{wildcards.target}/simulated/boundary.gpkg"
    return local_path(target["boundary"]) if "boundary" in target else []


rule vectorise:
    input:
        probability=f"{RUN}/{{target}}/probability.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
        boundary=boundary_file,
    output:
        gpkg=f"{RUN}/{{target}}/fractures.gpkg",
        shp=f"{RUN}/{{target}}/fractures.shp",
        geojson=f"{RUN}/{{target}}/fractures.geojson",
    params:
        mapping=lookup("mapping", within=config),
        recipe=RECIPE,
    log:
        log_of("vectorise", "target"),
    benchmark:
        benchmark_of("vectorise", "target")
    resources:
        mem_mb=4000,
    conda:
        "../../envs/geo.yaml"
    message:
        "Drawing the fractures of {wildcards.target}"
    script:
        "../scripts/vectorise.py"
