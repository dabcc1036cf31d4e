"""Find images in the archive, choose among them, fetch them and the ISIS data that they need."""

# However many jobs run, no more of them than this hold a connection.
if "connections" not in workflow.global_resources:
    workflow.register_resource("connections", config["acquisition"]["connections"])


checkpoint search:
    input:
        polygon=search_polygon,
        asked_again=asked_again,
    output:
        # The table of the last search stays, so that what is in it keeps its place.
        table=update(f"{RUN}/{{target}}/products.csv"),
        footprints=update(f"{RUN}/{{target}}/products.gpkg"),
        report=update(f"{RUN}/{{target}}/products.json"),
    log:
        log_of("search", "target"),
    benchmark:
        benchmark_of("search", "target")
    wildcard_constraints:
        target=one_of(targets_from("search")),
    localrule: True
    conda:
        "../../envs/geo.yaml"
    resources:
        connections=1,
    params:
        place=place,
        search=lambda wildcards: TARGETS[wildcards.target]["search"],
        max_images=lookup("acquisition/max_images", within=config),
        min_gain=lookup("acquisition/min_gain", within=config),
    message:
        "Searching the archive for images of {wildcards.target}"
    script:
        "../scripts/search.py"


rule locate:
    input:
        table=product_table,
    output:
        table=f"{RUN}/{{target}}/products.csv",
    log:
        log_of("locate", "target"),
    benchmark:
        benchmark_of("locate", "target")
    wildcard_constraints:
        target=one_of(targets_from("products")),
    localrule: True
    conda:
        "../../envs/geo.yaml"
    resources:
        connections=1,
    params:
        products=lambda wildcards: products(wildcards.target),
    message:
        "Asking the archive where the images of {wildcards.target} are"
    script:
        "../scripts/locate.py"


rule download:
    input:
        # A table that grew is no reason to fetch again what is there.
        table=ancient(f"{RUN}/{{target}}/products.csv"),
    output:
        edr=f"{RUN}/{{target}}/edr/{{product}}.IMG",
    log:
        log_of("download", "target", "product"),
    benchmark:
        benchmark_of("download", "target", "product")
    wildcard_constraints:
        target=one_of(targets_from("products", "search")),
    localrule: True
    conda:
        "../../envs/geo.yaml"
    resources:
        connections=1,
    params:
        allow_missing=ALLOW_MISSING,
    message:
        "Downloading {wildcards.product}"
    script:
        "../scripts/download.py"


rule fetch_isisdata:
    input:
        edr=edr,
    output:
        manifest=f"{RUN}/{{target}}/isisdata/{{product}}.json",
    log:
        log_of("fetch_isisdata", "target", "product"),
    benchmark:
        benchmark_of("fetch_isisdata", "target", "product")
    wildcard_constraints:
        target=one_of(targets_from("edrs", "products", "search")),
    localrule: True
    conda:
        "../../envs/geo.yaml"
    resources:
        connections=1,
    params:
        folder=ISISDATA,
        darks=lookup("processing/darks", within=config),
        predicted=lookup("processing/isis/predicted", within=config),
        smithed=lookup("processing/isis/smithed", within=config),
        allow_missing=ALLOW_MISSING,
    message:
        "Fetching the kernels and calibration files of {wildcards.product}"
    script:
        "../scripts/fetch_isisdata.py"


rule link_calibration:
    input:
        manifest=rules.fetch_isisdata.output.manifest,
    output:
        directory(f"{RUN}/{{target}}/isisdata/{{product}}"),
    log:
        log_of("link_calibration", "target", "product"),
    benchmark:
        benchmark_of("link_calibration", "target", "product")
    localrule: True
    conda:
        "../../envs/geo.yaml"
    message:
        "Linking the calibration files of {wildcards.product}"
    script:
        "../scripts/link_calibration.py"


rule isd_from_kernels:
    input:
        edr=edr,
        manifest=rules.fetch_isisdata.output.manifest,
    output:
        f"{RUN}/{{target}}/isd/{{product}}.json",
    log:
        log_of("isd_from_kernels", "target", "product"),
    benchmark:
        benchmark_of("isd_from_kernels", "target", "product")
    group:
        "image"
    conda:
        "../../envs/geo.yaml"
    resources:
        mem_mb=rising(2000),
        runtime=rising(15),
    params:
        allow_missing=ALLOW_MISSING,
    message:
        "Making the camera of {wildcards.product} from kernels"
    script:
        "../scripts/isd_from_kernels.py"


rule isisdata:
    input:
        lambda wildcards: [
            f"{RUN}/{target}/isisdata/{product}.json"
            for target in targets_from("edrs", "products", "search")
            for product in products(target)
        ],
    localrule: True
    message:
        f"The ISIS data of every image of the run are in {ISISDATA}"
