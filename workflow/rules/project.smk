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
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=2000,
        params:
            place=place,
            processing=image_processing,
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
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=2000,
        params:
            place=place,
            processing=image_processing,
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

    rule isis_project:
        input:
            cube=isis_level1,
            template=rules.isis_template.output[0],
        output:
            intermediate(f"{LEVEL1}.map.cub"),
        log:
            log_of("isis_project", "target", "product"),
        benchmark:
            benchmark_of("isis_project", "target", "product")
        conda:
            "../../envs/isis.yaml"
        resources:
            mem_mb=4000,
        params:
            isis=lookup("processing/isis", within=config),
            resampling=lookup("processing/resampling", within=config),
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
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=2000,
        params:
            place=place,
        message:
            "To GeoTIFF: {wildcards.product}"
        script:
            "../scripts/isis_export.py"
