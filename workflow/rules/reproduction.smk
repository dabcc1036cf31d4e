"""Our maps beside the published ones of the same craters."""

if "reproduction" in config:

    rule fetch_detections:
        input:
            mosaic=f"{RUN}/{{target}}/mosaic.tif",
        output:
            f"{RUN}/reproduction/{{target}}.gpkg",
        log:
            log_of("fetch_detections", "target"),
        benchmark:
            benchmark_of("fetch_detections", "target")
        wildcard_constraints:
            target=one_of(config["reproduction"]["files"]),
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=rising(2000),
            runtime=rising(60),
            connections=1,
        params:
            code=code_digest("fetch_detections.py"),
            record=config["reproduction"]["record"],
            pattern=lambda wildcards: config["reproduction"]["files"][wildcards.target],
            acquisition=lookup("acquisition", within=config),
        message:
            "The published detections of {wildcards.target} are fetched"
        script:
            "../scripts/fetch_detections.py"

    rule reproduce:
        input:
            fractures=expand(f"{RUN}/{{target}}/fractures.gpkg", target=config["reproduction"]["files"]),
            published=expand(rules.fetch_detections.output, target=config["reproduction"]["files"]),
            mosaics=expand(f"{RUN}/{{target}}/mosaic.tif", target=config["reproduction"]["files"]),
            # An evaluation needs labels, which were not published.
            evaluation=branch(exists(f"{RUN}/evaluation/table.csv"), then=f"{RUN}/evaluation/table.csv", otherwise=[]),
        output:
            csv=f"{RUN}/reproduction/table.csv",
            markdown=f"{RUN}/reproduction/table.md",
            html=f"{RUN}/reproduction/table.html",
            png=f"{RUN}/reproduction/maps.png",
            pdf=f"{RUN}/reproduction/maps.pdf",
        log:
            log_of("reproduce"),
        benchmark:
            benchmark_of("reproduce")
        conda:
            "../../envs/geo.yaml"
        resources:
            mem_mb=rising(4000),
            runtime=rising(60),
        params:
            code=code_digest("reproduce.py"),
            titles={target: target_title(target) for target in config["reproduction"]["files"]},
        message:
            "Our maps are compared with the published ones"
        script:
            "../scripts/reproduce.py"

    rule reproduction:
        input:
            rules.reproduce.output,
        localrule: True
