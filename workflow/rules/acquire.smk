"""Find images in the archive and fetch them."""


checkpoint search:
    output:
        table=f"{RUN}/{{target}}/products.csv",
    params:
        target=lambda wildcards: TARGETS[wildcards.target],
        acquisition=lookup("acquisition", within=config),
    log:
        log_of("search", "target"),
    benchmark:
        benchmark_of("search", "target")
    conda:
        "../../envs/geo.yaml"
    wildcard_constraints:
        target=one_of(targets_from("search")),
    localrule: True
    message:
        "Searching the archive for images of {wildcards.target}"
    script:
        "../scripts/search.py"


rule locate:
    output:
        table=f"{RUN}/{{target}}/products.csv",
    params:
        products=lambda wildcards: TARGETS[wildcards.target]["products"],
        acquisition=lookup("acquisition", within=config),
    log:
        log_of("locate", "target"),
    benchmark:
        benchmark_of("locate", "target")
    conda:
        "../../envs/geo.yaml"
    wildcard_constraints:
        target=one_of(targets_from("products")),
    localrule: True
    message:
        "Asking the archive where the images of {wildcards.target} are"
    script:
        "../scripts/locate.py"


rule download:
    input:
        table=f"{RUN}/{{target}}/products.csv",
    output:
        edr=f"{RUN}/{{target}}/edr/{{product}}.IMG",
    params:
        acquisition=lookup("acquisition", within=config),
    log:
        log_of("download", "target", "product"),
    benchmark:
        benchmark_of("download", "target", "product")
    conda:
        "../../envs/geo.yaml"
    wildcard_constraints:
        target=one_of(targets_from("products", "search")),
    localrule: True
    retries: 2
    message:
        "Downloading {wildcards.product}"
    script:
        "../scripts/download.py"
