"""Calibration with ISIS, one program a rule. (The native engine calibrates while it projects, and keeps it if asked.)"""


rule isis_ingest:
    input:
        edr,
    output:
        intermediate(f"{LEVEL1}.raw.cub"),
    log:
        log_of("isis_ingest", "target", "product"),
    benchmark:
        benchmark_of("isis_ingest", "target", "product")
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=2000,
    params:
        verify_md5=lambda wildcards: TARGETS[wildcards.target]["verify_md5"],
    message:
        "lronac2isis: {wildcards.product}"
    script:
        "../scripts/isis_ingest.py"


rule isis_spice:
    input:
        rules.isis_ingest.output,
    output:
        intermediate(f"{LEVEL1}.spice.cub"),
    log:
        log_of("isis_spice", "target", "product"),
    benchmark:
        benchmark_of("isis_spice", "target", "product")
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=2000,
    params:
        isis=lookup("processing/isis", within=config),
    message:
        "spiceinit: {wildcards.product}"
    script:
        "../scripts/isis_spice.py"


rule isis_calibrate:
    input:
        rules.isis_spice.output,
    output:
        intermediate(f"{LEVEL1}.cal.cub"),
    log:
        log_of("isis_calibrate", "target", "product"),
    benchmark:
        benchmark_of("isis_calibrate", "target", "product")
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=2000,
    params:
        darks=lookup("processing/darks", within=config),
    message:
        "lronaccal: {wildcards.product}"
    script:
        "../scripts/isis_calibrate.py"


rule isis_echo:
    input:
        rules.isis_calibrate.output,
    output:
        intermediate(f"{LEVEL1}.echo.cub"),
    log:
        log_of("isis_echo", "target", "product"),
    benchmark:
        benchmark_of("isis_echo", "target", "product")
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=2000,
    message:
        "lronacecho: {wildcards.product}"
    script:
        "../scripts/isis_echo.py"


rule isis_photometry:
    input:
        lambda wildcards: rules.isis_echo.output if config["processing"]["echo"] else rules.isis_calibrate.output,
    output:
        intermediate(f"{LEVEL1}.pho.cub"),
    log:
        log_of("isis_photometry", "target", "product"),
    benchmark:
        benchmark_of("isis_photometry", "target", "product")
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=2000,
    params:
        parameters=lambda wildcards: local_path(config["processing"]["photometry"] or ""),
    message:
        "lronacpho: {wildcards.product}"
    script:
        "../scripts/isis_photometry.py"


if ENGINE == "native":

    rule calibrate_edr:
        input:
            edr=edr,
            isd=isd,
            calibration=calibration_dir,
            files=processing_files,
        output:
            f"{RUN}/{{target}}/calibrated/{{product}}.tif",
        log:
            log_of("calibrate_edr", "target", "product"),
        benchmark:
            benchmark_of("calibrate_edr", "target", "product")
        wildcard_constraints:
            target=one_of(targets_with_edrs()),
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=2000,
        params:
            processing=image_processing,
        message:
            "Calibrating {wildcards.product}"
        script:
            "../scripts/calibrate_edr.py"
