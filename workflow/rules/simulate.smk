"""Simulated targets: a scene with known truth, and EDRs of it as a NAC would have sent them."""


rule simulate_calibration:
    output:
        directory(f"{RUN}/calibration"),
    log:
        log_of("simulate_calibration"),
    benchmark:
        benchmark_of("simulate_calibration")
    conda:
        "../../envs/geo.yaml"
    params:
        seed=SEED,
        images=[image for target in targets_from("simulate") for image in TARGETS[target]["simulate"]["images"]],
    message:
        "Making calibration files of a simulated NAC"
    script:
        "../scripts/simulate_calibration.py"


rule simulate_scene:
    output:
        terrain=f"{RUN}/{{target}}/simulated/terrain.tif",
        truth=f"{RUN}/{{target}}/simulated/truth.tif",
        objects=f"{RUN}/{{target}}/simulated/truth.gpkg",
        labels=f"{RUN}/{{target}}/simulated/labels.gpkg",
        boundary=f"{RUN}/{{target}}/simulated/boundary.gpkg",
    log:
        log_of("simulate_scene", "target"),
    benchmark:
        benchmark_of("simulate_scene", "target")
    wildcard_constraints:
        target=one_of(targets_from("simulate")),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=4000,
    params:
        place=place,
        scene=lambda wildcards: {
            key: value for key, value in TARGETS[wildcards.target]["simulate"].items() if key != "images"
        },
        simulation=lookup("simulation", within=config),
    message:
        "Simulating the ground of {wildcards.target}"
    script:
        "../scripts/simulate_scene.py"


rule simulate_image:
    input:
        terrain=rules.simulate_scene.output.terrain,
        calibration=rules.simulate_calibration.output[0],
    output:
        edr=f"{RUN}/{{target}}/simulated/edr/{{product}}.IMG",
        isd=f"{RUN}/{{target}}/simulated/edr/{{product}}.json",
    log:
        log_of("simulate_image", "target", "product"),
    benchmark:
        benchmark_of("simulate_image", "target", "product")
    wildcard_constraints:
        target=one_of(targets_from("simulate")),
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=4000,
    params:
        image=lambda wildcards: next(
            image for image in TARGETS[wildcards.target]["simulate"]["images"] if image["product"] == wildcards.product
        ),
        seed=lambda wildcards: TARGETS[wildcards.target]["simulate"]["seed"],
    message:
        "Imaging {wildcards.target} as {wildcards.product}"
    script:
        "../scripts/simulate_image.py"
