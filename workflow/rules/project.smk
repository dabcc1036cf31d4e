"""Images on the map: float32 I/F on the target's grid, each with its Sun."""

_PROJECTED = f"{RUN}/{{target}}/projected/{{product}}.tif"


def isd(wildcards):
    """Camera model of an EDR: the ISD (JSON) beside it."""
    return str(Path(edr(wildcards)).with_suffix(".json"))


def calibration_dir(wildcards):
    if "simulate" in TARGETS[wildcards.target]:
        return rules.simulate_calibration.output
    folder = config["processing"]["calibration_dir"]
    return local_path(folder) if folder else []


if ENGINE == "native":

    rule project_edr:
        input:
            edr=edr,
            isd=isd,
            calibration=calibration_dir,
        output:
            _PROJECTED,
        params:
            target=lambda wildcards: TARGETS[wildcards.target],
            processing=lookup("processing", within=config),
        log:
            log_of("project_edr", "target", "product"),
        benchmark:
            benchmark_of("project_edr", "target", "product")
        resources:
            mem_mb=2000,
        conda:
            "../../envs/geo.yaml"
        wildcard_constraints:
            target=one_of(targets_from("edrs", "products", "search", "simulate")),
        message:
            "Calibrating and projecting {wildcards.product}"
        script:
            "../scripts/project_edr.py"

    rule project_cube:
        input:
            cube=local_file,
        output:
            _PROJECTED,
        params:
            target=lambda wildcards: TARGETS[wildcards.target],
            processing=lookup("processing", within=config),
        log:
            log_of("project_cube", "target", "product"),
        benchmark:
            benchmark_of("project_cube", "target", "product")
        resources:
            mem_mb=2000,
        conda:
            "../../envs/geo.yaml"
        wildcard_constraints:
            target=one_of(targets_from("cubes")),
        message:
            "Projecting {wildcards.product}"
        script:
            "../scripts/project_cube.py"

else:

    rule isis_template:
        output:
            f"{RUN}/{{target}}/isis/target.map",
        params:
            target=lambda wildcards: TARGETS[wildcards.target],
            processing=lookup("processing", within=config),
        log:
            log_of("isis_template", "target"),
        benchmark:
            benchmark_of("isis_template", "target")
        conda:
            "../../envs/isis.yaml"
        localrule: True
        message:
            "maptemplate: {wildcards.target}"
        script:
            "../scripts/isis_template.py"

    rule isis_project:
        input:
            cube=isis_level1,
            template=rules.isis_template.output,
        output:
            _temporary(f"{_LEVEL1}.map.cub"),
        params:
            isis=lookup("processing/isis", within=config),
            resampling=lookup("processing/resampling", within=config),
        log:
            log_of("isis_project", "target", "product"),
        benchmark:
            benchmark_of("isis_project", "target", "product")
        resources:
            mem_mb=4000,
        conda:
            "../../envs/isis.yaml"
        message:
            "cam2map: {wildcards.product}"
        script:
            "../scripts/isis_project.py"

    rule isis_export:
        input:
            cube=rules.isis_project.output,
            level1=isis_level1,
        output:
            _PROJECTED,
        params:
            target=lambda wildcards: TARGETS[wildcards.target],
            processing=lookup("processing", within=config),
        log:
            log_of("isis_export", "target", "product"),
        benchmark:
            benchmark_of("isis_export", "target", "product")
        resources:
            mem_mb=2000,
        conda:
            "../../envs/geo.yaml"
        message:
            "To GeoTIFF: {wildcards.product}"
        script:
            "../scripts/isis_export.py"
