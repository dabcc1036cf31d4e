"""Images on the map: float32 I/F on the target's grid, each with its Sun."""

if ENGINE == "native":

    rule project_edr:
        input:
            edr=edr,
            isd=isd,
            calibration=calibration_dir,
            files=processing_files,
        output:
            PROJECTED,
        log:
            log_of("project_edr", "target", "product"),
        benchmark:
            benchmark_of("project_edr", "target", "product")
        wildcard_constraints:
            target=one_of(targets_with_edrs()),
        group:
            "image"
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=rising(2000),
            runtime=rising(120),
        params:
            place=place,
            processing=image_processing,
            allow_missing=ALLOW_MISSING,
        message:
            "Calibrating and projecting {wildcards.product}"
        script:
            "../scripts/project_edr.py"

    rule project_cube:
        input:
            cube=local_file,
            calibration=calibration_dir,
            files=processing_files,
        output:
            PROJECTED,
        log:
            log_of("project_cube", "target", "product"),
        benchmark:
            benchmark_of("project_cube", "target", "product")
        wildcard_constraints:
            target=one_of(targets_from("cubes")),
        group:
            "image"
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=rising(2000),
            runtime=rising(120),
        params:
            place=place,
            processing=image_processing,
            allow_missing=ALLOW_MISSING,
        message:
            "Projecting {wildcards.product}"
        script:
            "../scripts/project_cube.py"

else:

    rule isis_template:
        output:
            f"{RUN}/{{target}}/isis/target.map",
        log:
            log_of("isis_template", "target"),
        benchmark:
            benchmark_of("isis_template", "target")
        localrule: True
        conda:
            "../../envs/isis.yaml"
        params:
            place=place,
        message:
            "maptemplate: {wildcards.target}"
        script:
            "../scripts/isis_template.py"

    rule isis_range:
        input:
            isis_level1,
        output:
            intermediate(f"{LEVEL1}.range.map"),
        log:
            log_of("isis_range", "target", "product"),
        benchmark:
            benchmark_of("isis_range", "target", "product")
        group:
            "image"
        conda:
            "../../envs/isis.yaml"
        resources:
            mem_mb=rising(2000),
            runtime=rising(30),
        params:
            place=place,
            allow_missing=ALLOW_MISSING,
        message:
            "mosrange: {wildcards.product}"
        script:
            "../scripts/isis_range.py"

    rule isis_project:
        input:
            cube=isis_level1,
            template=rules.isis_template.output[0],
            range=rules.isis_range.output[0],
        output:
            intermediate(f"{LEVEL1}.map.cub", map=True),
        log:
            log_of("isis_project", "target", "product"),
        benchmark:
            benchmark_of("isis_project", "target", "product")
        group:
            "image"
        conda:
            "../../envs/isis.yaml"
        resources:
            mem_mb=rising(4000),
            runtime=rising(120),
        params:
            place=place,
            patch_size=config["processing"]["isis"]["patch_size"],
            resampling=config["processing"]["resampling"],
            allow_missing=ALLOW_MISSING,
        message:
            "cam2map: {wildcards.product}"
        script:
            "../scripts/isis_project.py"

    rule isis_export:
        input:
            cube=rules.isis_project.output[0],
            level1=isis_level1,
        output:
            PROJECTED,
        log:
            log_of("isis_export", "target", "product"),
        benchmark:
            benchmark_of("isis_export", "target", "product")
        wildcard_constraints:
            target=one_of([*targets_with_edrs(), *targets_from("cubes")]),
        group:
            "image"
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=rising(2000),
            runtime=rising(60),
        params:
            place=place,
            min_valid_fraction=config["processing"]["min_valid_fraction"],
            allow_missing=ALLOW_MISSING,
        message:
            "To GeoTIFF: {wildcards.product}"
        script:
            "../scripts/isis_export.py"


rule project_mosaic:
    input:
        lambda wildcards: local_path(TARGETS[wildcards.target]["mosaic"]),
    output:
        PROJECTED,
    log:
        log_of("project_mosaic", "target", "product"),
    benchmark:
        benchmark_of("project_mosaic", "target", "product")
    wildcard_constraints:
        target=one_of(targets_from("mosaic")),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(120),
    params:
        place=place,
        sun=lambda wildcards: {key: TARGETS[wildcards.target].get(key) for key in ("sun_azimuth_deg", "incidence_deg")},
    message:
        "Taking in the mosaic of {wildcards.target} as an image"
    script:
        "../scripts/project_mosaic.py"


if ALLOW_MISSING:

    checkpoint survey:
        input:
            lambda wildcards: expand(PROJECTED, target=wildcards.target, product=products(wildcards.target)),
        output:
            f"{RUN}/{{target}}/left_out.csv",
        log:
            log_of("survey", "target"),
        benchmark:
            benchmark_of("survey", "target")
        localrule: True
        conda:
            "../../envs/geo.yaml"
        params:
            products=lambda wildcards: products(wildcards.target),
        message:
            "Looking which images of {wildcards.target} there are"
        script:
            "../scripts/survey.py"
