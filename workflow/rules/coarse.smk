"""The same targets through coarser pixels (section 4.5 of the paper): images averaged, mapped, and compared."""


rule average_image:
    input:
        lambda wildcards: f"{RUN}/{origin(wildcards.target)}/projected/{wildcards.product}.tif",
    output:
        PROJECTED,
    log:
        log_of("average_image", "target", "product"),
    benchmark:
        benchmark_of("average_image", "target", "product")
    wildcard_constraints:
        target=one_of(targets_averaged()),
    group:
        "image"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(60),
    params:
        code=code_digest("average_image.py"),
        place=place,
    message:
        "{wildcards.product} is averaged to the pixels of {wildcards.target}"
    script:
        "../scripts/average_image.py"


if "coarse" in config:

    rule compare_coarse:
        input:
            fractures=[
                f"{RUN}/{name}/fractures.gpkg" for target in targets_with_role("map") for name in coarse_maps(target)
            ],
            truth=[path for target in targets_with_role("map") for path in truth_of(target)],
        output:
            csv=f"{RUN}/coarse/table.csv",
            markdown=f"{RUN}/coarse/table.md",
            html=f"{RUN}/coarse/table.html",
        log:
            log_of("compare_coarse"),
        benchmark:
            benchmark_of("compare_coarse")
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=rising(4000),
            runtime=rising(60),
        params:
            code=code_digest("compare_coarse.py"),
            maps={
                target: {words: f"{RUN_ON_DISK}/{name}/fractures.gpkg" for name, words in coarse_maps(target).items()}
                for target in targets_with_role("map")
            },
            resolutions_m={
                target: [TARGETS[name]["resolution_m"] for name in coarse_maps(target)]
                for target in targets_with_role("map")
            },
            truth={target: true_folder(target, RUN_ON_DISK) for target in targets_with_role("map")},
        message:
            "The maps of finer and coarser pixels are compared"
        script:
            "../scripts/compare_coarse.py"

    rule coarse_sheet:
        input:
            fractures=lambda wildcards: coarse_files(wildcards, "fractures.gpkg"),
            probabilities=lambda wildcards: coarse_files(wildcards, "probability.tif"),
            mosaics=lambda wildcards: coarse_files(wildcards, "mosaic.tif"),
            sources=f"{RUN}/{{target}}/mosaic_sources.tif",
            images=sheet_images,
            truth=lambda wildcards: truth_of(wildcards.target),
        output:
            multiext(f"{RUN}/coarse/{{target}}", ".png", ".pdf"),
        log:
            log_of("coarse_sheet", "target"),
        benchmark:
            benchmark_of("coarse_sheet", "target")
        wildcard_constraints:
            target=one_of(targets_with_role("map")),
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=rising(4000),
            runtime=rising(60),
        params:
            code=code_digest("coarse_sheet.py"),
            title=title_of,
            footer=footer_of,
            truth=lambda wildcards: true_folder(wildcards.target, RUN_ON_DISK),
            names=lambda wildcards: list(coarse_maps(wildcards.target).values()),
            sun_azimuth_deg=lambda wildcards: TARGETS[wildcards.target].get("sun_azimuth_deg"),
        message:
            "The figure sheet of {wildcards.target} at both resolutions is drawn"
        script:
            "../scripts/coarse_sheet.py"

    rule coarse:
        input:
            rules.compare_coarse.output,
            expand(rules.coarse_sheet.output, target=targets_with_role("map")),
        localrule: True
