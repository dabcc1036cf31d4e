"""Acquisition: search the archive, choose images, fetch them and the ISIS data that they need."""


checkpoint search:
    input:
        polygon=search_polygon,
    output:
        # The table of the last search stays: its lines keep their places.
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
        code=code_digest("search.py"),
        content=content_of(search_polygon),
        place=place,
        asked_at=asked_at_of,
        search=lambda wildcards: TARGETS[wildcards.target]["search"],
        max_images=lookup("acquisition/max_images", within=config),
        min_gain=lookup("acquisition/min_gain", within=config),
    message:
        "The archive is searched for images of {wildcards.target}"
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
        code=code_digest("locate.py"),
        content=product_table_content,
        products=lambda wildcards: products(wildcards.target),
    message:
        "The archive is asked for the addresses of the images of {wildcards.target}"
    script:
        "../scripts/locate.py"


rule download:
    input:
        # If the table grows, the images that are there are not fetched again.
        table=ancient(f"{RUN}/{{target}}/products.csv"),
    output:
        # An image that is there and right is not fetched again, whatever made this job run again.
        edr=update(f"{RUN}/{{target}}/edr/{{product}}.IMG"),
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
        code=code_digest("download.py"),
        allow_missing=ALLOW_MISSING,
    message:
        "EDR {wildcards.product} is downloaded"
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
        code=code_digest("fetch_isisdata.py"),
        content=content_of(edr),
        folder=ISISDATA,
        darks=lookup("processing/darks", within=config),
        predicted=lookup("processing/isis/predicted", within=config),
        smithed=lookup("processing/isis/smithed", within=config),
        allow_missing=ALLOW_MISSING,
    message:
        "The kernels and calibration files of {wildcards.product} are fetched"
    script:
        "../scripts/fetch_isisdata.py"


rule link_calibration:
    input:
        manifest=rules.fetch_isisdata.output.manifest,
    output:
        folder_made(f"{RUN}/{{target}}/isisdata/{{product}}"),
    log:
        log_of("link_calibration", "target", "product"),
    benchmark:
        benchmark_of("link_calibration", "target", "product")
    localrule: True
    conda:
        "../../envs/geo.yaml"
    params:
        code=code_digest("link_calibration.py"),
    message:
        "The calibration files of {wildcards.product} are linked"
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
        code=code_digest("isd_from_kernels.py"),
        content=content_of(edr),
        allow_missing=ALLOW_MISSING,
    message:
        "The camera model of {wildcards.product} is made from kernels"
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
        f"The ISIS data of all images of the run are in {ISISDATA}"
