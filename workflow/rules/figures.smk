"""Figure sheets of a target, on A4: the crater at three scales, and what was rejected."""


rule sheets:
    input:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
        fractures=rules.vectorise.output.gpkg,
        images=sheet_images,
        boundary=boundary_file,
        base_map=base_map,
    output:
        overview=multiext(f"{RUN}/{{target}}/overview", ".png", ".pdf"),
        rejected=multiext(f"{RUN}/{{target}}/rejected", ".png", ".pdf"),
    log:
        log_of("sheets", "target"),
    benchmark:
        benchmark_of("sheets", "target")
    group:
        "products"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        title=title_of,
        footer=lambda wildcards: map_footer(wildcards.target),
        sun_azimuth_deg=lambda wildcards: TARGETS[wildcards.target].get("sun_azimuth_deg"),
    message:
        "Drawing the figure sheets of {wildcards.target}"
    script:
        "../scripts/sheets.py"
