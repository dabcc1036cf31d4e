"""Simulated targets: a scene with known truth, and EDRs of it as a NAC would send them."""


rule simulate_calibration:
    output:
        folder_made(f"{RUN}/calibration/{{year}}"),
    log:
        log_of("simulate_calibration", "year"),
    benchmark:
        benchmark_of("simulate_calibration", "year")
    wildcard_constraints:
        year="20[0-9][0-9]",
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(30),
    params:
        code=code_digest("simulate_calibration.py"),
        seed=SEED,
    message:
        "The calibration files of a simulated NAC are made ({wildcards.year})"
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
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("simulate_scene.py"),
        place=place,
        scene=lambda wildcards: {
            key: value for key, value in TARGETS[wildcards.target]["simulate"].items() if key not in ("images", "path")
        },
        simulation=lookup("simulation", within=config),
    message:
        "The ground of {wildcards.target} is simulated"
    script:
        "../scripts/simulate_scene.py"


rule simulate_image:
    input:
        terrain=rules.simulate_scene.output.terrain,
        calibration=calibration_files,
    output:
        edr=f"{RUN}/{{target}}/simulated/edr/{{product}}.IMG",
        isd=f"{RUN}/{{target}}/simulated/edr/{{product}}.json",
    log:
        log_of("simulate_image", "target", "product"),
    benchmark:
        benchmark_of("simulate_image", "target", "product")
    wildcard_constraints:
        target=one_of(targets_simulated("sensor")),
    group:
        "image"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("simulate_image.py"),
        image=simulated_image,
        seed=lambda wildcards: TARGETS[wildcards.target]["simulate"]["seed"],
    message:
        "EDR {wildcards.product} of {wildcards.target} is simulated"
    script:
        "../scripts/simulate_image.py"


rule simulate_projected:
    input:
        terrain=rules.simulate_scene.output.terrain,
    output:
        on_the_map("all"),
    log:
        log_of("simulate_projected", "target", "product"),
    benchmark:
        benchmark_of("simulate_projected", "target", "product")
    wildcard_constraints:
        target=one_of(targets_simulated("direct")),
    group:
        "image"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("simulate_projected.py"),
        place=place,
        image=simulated_image,
        seed=lambda wildcards: TARGETS[wildcards.target]["simulate"]["seed"],
    message:
        "Image {wildcards.product} of {wildcards.target} is simulated on the map"
    script:
        "../scripts/simulate_projected.py"


rule simulate_counts:
    input:
        images=of_each_image("projected/{product}.tif"),
        labels=rules.simulate_scene.output.labels,
        label_raster=f"{RUN}/{{target}}/labels.tif",
        truth=rules.simulate_scene.output.truth,
        objects=rules.simulate_scene.output.objects,
    output:
        f"{RUN}/{{target}}/simulated/counts.json",
    log:
        log_of("simulate_counts", "target"),
    benchmark:
        benchmark_of("simulate_counts", "target")
    wildcard_constraints:
        target=one_of(targets_from("simulate")),
    group:
        "score"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(4000),
        runtime=rising(60),
    params:
        code=code_digest("simulate_counts.py"),
        title=title_of,
        role=lambda wildcards: TARGETS[wildcards.target].get("role"),
        recipe=RECIPE,
        tiles=lookup("tiles", within=config),
    message:
        "The contents of {wildcards.target} are counted"
    script:
        "../scripts/simulate_counts.py"


rule benchmark_set:
    input:
        expand(rules.simulate_counts.output[0], target=targets_from("simulate")),
    output:
        csv=f"{RUN}/benchmark_set.csv",
        markdown=f"{RUN}/benchmark_set.md",
    log:
        log_of("benchmark_set"),
    benchmark:
        benchmark_of("benchmark_set")
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(15),
    params:
        code=code_digest("simulate_summary.py"),
    message:
        "The table of the simulated set is written"
    script:
        "../scripts/simulate_summary.py"
