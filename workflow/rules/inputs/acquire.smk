"""Input functions of acquisition, which calibration shares."""

import os

from imfmap.acquisition.age import RUN_STARTED, asked_at
from imfmap.run import config_paths, settings, snakemake_internals
from snakemake.exceptions import WorkflowError

ISISDATA = config_paths.expanded(config["acquisition"]["isisdata"])

# Jobs that hold a connection, however many jobs run.
snakemake_internals.limit_resource(workflow, "connections", config["acquisition"]["connections"])


def asked_at_of(wildcards):
    """Parameter of a search: the time of its last answer, or the start of this run if the answer has to be newer."""
    answer = f"{RUN_ON_DISK}/{wildcards.target}/products.json"
    started = os.environ[RUN_STARTED]
    return asked_at(answer, started, config["refresh"], config["acquisition"]["max_age_days"])


def search_polygon(wildcards):
    """File with the polygon of a search, unless the configuration holds the polygon itself."""
    polygon = TARGETS[wildcards.target]["search"].get("polygon", "POLYGON")
    return [] if polygon.upper().startswith(("POLYGON", "MULTIPOLYGON")) else user_file(polygon)


def product_table(wildcards):
    """Table with the products of a target, unless the configuration lists them itself."""
    listed = TARGETS[wildcards.target]["products"]
    return [] if isinstance(listed, list) else user_file(listed)


def local_file(wildcards):
    """File of the configuration that holds the image of a product."""
    for path in local_files(wildcards.target):
        if settings.product_of(path) == wildcards.product:
            return user_file(path)
    raise WorkflowError(f"target {wildcards.target} has no file of product {wildcards.product}")


def edr(wildcards):
    """EDR of a product: the user's, a simulated one, or one from the archive."""
    about = TARGETS[wildcards.target]
    if "edrs" in about:
        return local_file(wildcards)
    folder = "simulated/edr" if "simulate" in about else "edr"
    return f"{RUN}/{wildcards.target}/{folder}/{wildcards.product}.IMG"
