"""Images on the map: float32 I/F on the target's grid, each with its Sun."""

if ENGINE == "native":

    rule project_edr:
        input:
            edr=edr,
            isd=isd,
            calibration=calibration_files,
            files=processing_files,
            table=chosen_table,
        output:
            on_the_map("all"),
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
            code=code_digest("project_edr.py"),
            content=content_of(edr, isd, calibration_files, processing_files),
            place=place,
            processing=image_processing,
            calibration=calibration_dir,
            allow_missing=ALLOW_MISSING,
        message:
            "The native engine calibrates and projects {wildcards.product}"
        script:
            "../scripts/project_edr.py"

    rule project_cube:
        input:
            cube=local_file,
            calibration=calibration_files,
            files=processing_files,
        output:
            on_the_map("all"),
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
            code=code_digest("project_cube.py"),
            content=content_of(local_file, calibration_files, processing_files),
            place=place,
            processing=image_processing,
            calibration=calibration_dir,
            allow_missing=ALLOW_MISSING,
        message:
            "The native engine projects cube {wildcards.product}"
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
            code=code_digest("isis_template.py"),
            place=place,
        message:
            "maptemplate writes the map of {wildcards.target}"
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
            code=code_digest("isis_range.py"),
            content=content_of(isis_level1),
            place=place,
            allow_missing=ALLOW_MISSING,
        message:
            "mosrange finds the range of {wildcards.product}"
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
            code=code_digest("isis_project.py"),
            content=content_of(isis_level1),
            place=place,
            patch_size=config["processing"]["isis"]["patch_size"],
            resampling=config["processing"]["resampling"],
            allow_missing=ALLOW_MISSING,
        message:
            "cam2map projects {wildcards.product}"
        script:
            "../scripts/isis_project.py"

    rule isis_export:
        input:
            cube=rules.isis_project.output[0],
            level1=isis_level1,
            table=chosen_table,
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
            code=code_digest("isis_export.py"),
            content=content_of(isis_level1),
            place=place,
            min_valid_fraction=config["processing"]["min_valid_fraction"],
            allow_missing=ALLOW_MISSING,
        message:
            "{wildcards.product} is converted to GeoTIFF"
        script:
            "../scripts/isis_export.py"


rule project_mosaic:
    input:
        finished_mosaic,
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
        code=code_digest("project_raster.py"),
        content=content_of(finished_mosaic),
        place=place,
        known=known_of_image,
        nodata=nodata_of,
        min_valid_fraction=0,
    message:
        "The finished mosaic of {wildcards.target} is imported as an image"
    script:
        "../scripts/project_raster.py"


rule project_raster:
    input:
        raster=local_file,
        # Its line for the image is a parameter.
        table=image_table,
    output:
        on_the_map("all", "projected"),
    log:
        log_of("project_raster", "target", "product"),
    benchmark:
        benchmark_of("project_raster", "target", "product")
    wildcard_constraints:
        target=one_of(targets_from("projected")),
    group:
        "image"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(120),
    params:
        code=code_digest("project_raster.py"),
        content=content_of(local_file),
        place=place,
        known=known_of_image,
        nodata=nodata_of,
        min_valid_fraction=config["processing"]["min_valid_fraction"],
        allow_missing=ALLOW_MISSING,
    message:
        "The projected image {wildcards.product} is moved to the map of {wildcards.target}"
    script:
        "../scripts/project_raster.py"


rule coregister:
    input:
        image=UNREGISTERED,
        reference=reference_image,
    output:
        PROJECTED,
    log:
        log_of("coregister", "target", "product"),
    benchmark:
        benchmark_of("coregister", "target", "product")
    wildcard_constraints:
        target=one_of(target_choice.coregistered(config)),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(60),
    params:
        code=code_digest("coregister.py"),
        place=place,
        limit_m=config["processing"]["coregistration"]["limit_m"],
        allow_missing=ALLOW_MISSING,
    message:
        "{wildcards.product} is co-registered with the first image of {wildcards.target}"
    script:
        "../scripts/coregister.py"


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
            code=code_digest("survey.py"),
            products=lambda wildcards: products(wildcards.target),
        message:
            "The images of {wildcards.target} that are left out are listed"
        script:
            "../scripts/survey.py"
