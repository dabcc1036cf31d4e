"""Figure sheets of a target on A4: the crater at three scales, and the rejected polygons."""


rule fetch_base_map:
    output:
        # All runs share it. What is there and whole is not fetched again.
        update("results/base_maps/wac.tif"),
    log:
        log_of("fetch_base_map"),
    benchmark:
        benchmark_of("fetch_base_map")
    localrule: True
    conda:
        "../../envs/geo.yaml"
    resources:
        connections=1,
    params:
        code=code_digest("fetch_base_map.py"),
        url=config["acquisition"]["wac_url"],
    message:
        "The WAC mosaic of the Moon is fetched"
    script:
        "../scripts/fetch_base_map.py"


rule sheets:
    input:
        mosaic=f"{RUN}/{{target}}/mosaic.tif",
        sources=f"{RUN}/{{target}}/mosaic_sources.tif",
        fractures=rules.vectorise.output.gpkg,
        summary=f"{RUN}/{{target}}/summary.json",
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
        code=code_digest("sheets.py"),
        content=content_of(boundary_file, base_map),
        title=title_of,
        footer=footer_of,
        sun_azimuth_deg=lambda wildcards: TARGETS[wildcards.target].get("sun_azimuth_deg"),
    message:
        "The figure sheets of {wildcards.target} are drawn"
    script:
        "../scripts/sheets.py"
