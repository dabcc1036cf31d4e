"""Calibration with ISIS, one program a rule. (The native engine calibrates while it projects.)"""


rule isis_ingest:
    input:
        edr,
    output:
        intermediate(f"{LEVEL1}.raw.cub"),
    log:
        log_of("isis_ingest", "target", "product"),
    benchmark:
        benchmark_of("isis_ingest", "target", "product")
    group:
        "image"
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(30),
    params:
        code=code_digest("isis_ingest.py"),
        content=content_of(edr),
        verify_md5=lambda wildcards: TARGETS[wildcards.target]["verify_md5"],
        allow_missing=ALLOW_MISSING,
    message:
        "lronac2isis imports {wildcards.product}"
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
    group:
        "image"
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(30),
    params:
        code=code_digest("isis_spice.py"),
        content=content_of(given_file(ISIS["isis"]["shape_model"])),
        isis=isis_settings("spice", "web_url", "shape", "shape_model", "smithed", "predicted"),
        allow_missing=ALLOW_MISSING,
    message:
        "spiceinit adds the camera model to {wildcards.product}"
    script:
        "../scripts/isis_spice.py"


rule isis_calibrate:
    input:
        cube=isis_spiced,
        darks=given_file(ISIS["dark_file"]),
    output:
        intermediate(f"{LEVEL1}.cal.cub"),
    log:
        log_of("isis_calibrate", "target", "product"),
    benchmark:
        benchmark_of("isis_calibrate", "target", "product")
    group:
        "image"
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(60),
    params:
        code=code_digest("isis_calibrate.py"),
        content=content_of(isis_spiced, given_file(ISIS["dark_file"])),
        steps={key: ISIS[key] for key in ("masked", "dark", "darks", "dark_file", "nonlinearity", "flat")},
        allow_missing=ALLOW_MISSING,
    message:
        "lronaccal calibrates {wildcards.product}"
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
    group:
        "image"
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(60),
    params:
        code=code_digest("isis_echo.py"),
        allow_missing=ALLOW_MISSING,
    message:
        "lronacecho removes the echo from {wildcards.product}"
    script:
        "../scripts/isis_echo.py"


rule isis_photometry:
    input:
        cube=isis_calibrated,
        model=given_file(ISIS["photometry"]),
    output:
        intermediate(f"{LEVEL1}.pho.cub"),
    log:
        log_of("isis_photometry", "target", "product"),
    benchmark:
        benchmark_of("isis_photometry", "target", "product")
    group:
        "image"
    conda:
        "../../envs/isis.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(60),
    params:
        code=code_digest("isis_photometry.py"),
        content=content_of(isis_calibrated, given_file(ISIS["photometry"])),
        isis=isis_settings("max_incidence_deg", "max_emission_deg", "light_on_shape"),
        allow_missing=ALLOW_MISSING,
    message:
        "lronacpho normalises the brightness of {wildcards.product}"
    script:
        "../scripts/isis_photometry.py"


if ENGINE == "native":

    rule calibrate_edr:
        input:
            edr=edr,
            isd=isd,
            calibration=calibration_files,
            files=processing_files,
        output:
            f"{RUN}/{{target}}/calibrated/{{product}}.tif",
        log:
            log_of("calibrate_edr", "target", "product"),
        benchmark:
            benchmark_of("calibrate_edr", "target", "product")
        wildcard_constraints:
            target=one_of(targets_with_edrs()),
        group:
            "image"
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=rising(2000),
            runtime=rising(60),
        params:
            code=code_digest("calibrate_edr.py"),
            content=content_of(edr, isd, calibration_files, processing_files),
            processing=image_processing,
            calibration=calibration_dir,
        message:
            "The native engine calibrates {wildcards.product}"
        script:
            "../scripts/calibrate_edr.py"
