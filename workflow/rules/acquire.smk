"""Find images in the archive and fetch them."""


checkpoint search:
    output:
        table=f"{RUN}/{{target}}/products.csv",
    log:
        log_of("search", "target"),
    benchmark:
        benchmark_of("search", "target")
    wildcard_constraints:
        target=one_of(targets_from("search")),
    localrule: True
    conda:
        "../../envs/geo.yaml"
    params:
        target=lambda wildcards: TARGETS[wildcards.target],
        acquisition=lookup("acquisition", within=config),
    message:
        "Searching the archive for images of {wildcards.target}"
    script:
        "../scripts/search.py"


rule locate:
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
    params:
        products=lambda wildcards: TARGETS[wildcards.target]["products"],
        acquisition=lookup("acquisition", within=config),
    message:
        "Asking the archive where the images of {wildcards.target} are"
    script:
        "../scripts/locate.py"


rule download:
    input:
        table=f"{RUN}/{{target}}/products.csv",
    output:
        edr=f"{RUN}/{{target}}/edr/{{product}}.IMG",
    log:
        log_of("download", "target", "product"),
    benchmark:
        benchmark_of("download", "target", "product")
    wildcard_constraints:
        target=one_of(targets_from("products", "search")),
    retries: 2
    localrule: True
    conda:
        "../../envs/geo.yaml"
    params:
        acquisition=lookup("acquisition", within=config),
    message:
        "Downloading {wildcards.product}"
    script:
        "../scripts/download.py"
