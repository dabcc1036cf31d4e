"""Calibration with ISIS, one program a rule. (The native engine calibrates while it projects.)"""

_LEVEL1 = f"{RUN}/{{target}}/isis/{{product}}"


def _temporary(path):
    return path if config["processing"]["isis"]["keep_intermediates"] else temp(path)


rule isis_ingest:
    input:
        edr,
    output:
        _temporary(f"{_LEVEL1}.raw.cub"),
    params:
        verify_md5=lambda wildcards: TARGETS[wildcards.target].get(
            "verify_md5", config["processing"]["verify_md5"]
        ),
    log:
        log_of("isis_ingest", "target", "product"),
    benchmark:
        benchmark_of("isis_ingest", "target", "product")
    resources:
        mem_mb=2000,
    conda:
        "../../envs/isis.yaml"
    message:
        "lronac2isis: {wildcards.product}"
    script:
        "../scripts/isis_ingest.py"


rule isis_spice:
    input:
        rules.isis_ingest.output,
    output:
        _temporary(f"{_LEVEL1}.spice.cub"),
    params:
        isis=lookup("processing/isis", within=config),
    log:
        log_of("isis_spice", "target", "product"),
    benchmark:
        benchmark_of("isis_spice", "target", "product")
    resources:
        mem_mb=2000,
    conda:
        "../../envs/isis.yaml"
    message:
        "spiceinit: {wildcards.product}"
    script:
        "../scripts/isis_spice.py"


rule isis_calibrate:
    input:
        rules.isis_spice.output,
    output:
        _temporary(f"{_LEVEL1}.cal.cub"),
    params:
        darks=lookup("processing/darks", within=config),
    log:
        log_of("isis_calibrate", "target", "product"),
    benchmark:
        benchmark_of("isis_calibrate", "target", "product")
    resources:
        mem_mb=2000,
    conda:
        "../../envs/isis.yaml"
    message:
        "lronaccal: {wildcards.product}"
    script:
        "../scripts/isis_calibrate.py"


rule isis_echo:
    input:
        rules.isis_calibrate.output,
    output:
        _temporary(f"{_LEVEL1}.echo.cub"),
    log:
        log_of("isis_echo", "target", "product"),
    benchmark:
        benchmark_of("isis_echo", "target", "product")
    resources:
        mem_mb=2000,
    conda:
        "../../envs/isis.yaml"
    message:
        "lronacecho: {wildcards.product}"
    script:
        "../scripts/isis_echo.py"


rule isis_photometry:
    input:
        lambda wildcards: rules.isis_echo.output if config["processing"]["echo"] else rules.isis_calibrate.output,
    output:
        _temporary(f"{_LEVEL1}.pho.cub"),
    params:
        parameters=lambda wildcards: local_path(config["processing"]["photometry"] or ""),
    log:
        log_of("isis_photometry", "target", "product"),
    benchmark:
        benchmark_of("isis_photometry", "target", "product")
    resources:
        mem_mb=2000,
    conda:
        "../../envs/isis.yaml"
    message:
        "lronacpho: {wildcards.product}"
    script:
        "../scripts/isis_photometry.py"


def isis_level1(wildcards):
    """The cube that is projected: the last of the switched-on steps, or the user's own."""
    if "cubes" in TARGETS[wildcards.target]:
        return local_file(wildcards)
    if config["processing"]["photometry"]:
        step = "pho"
    else:
        step = "echo" if config["processing"]["echo"] else "cal"
    return f"{RUN}/{wildcards.target}/isis/{wildcards.product}.{step}.cub"
