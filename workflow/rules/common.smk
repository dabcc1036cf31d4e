"""Names of files and the input functions that rules share."""

import csv

RUN = f"results/{config['run']['name']}"
SEED = config["run"]["seed"]
TARGETS = config["targets"]
MODELS = config["models"]
ENGINE = config["processing"]["engine"]
RECIPE = config["recipe"]

# Stands for the images of a search that has not been made, so that a dry run still lists every step.
SEARCHED = "NOT_SEARCHED_YET"


def one_of(names):
    """Regular expression of exactly these names (of none: one that never matches)."""
    return "|".join(names) or "(?!)"


def targets_from(*sources):
    return [name for name, target in TARGETS.items() if any(source in target for source in sources)]


def targets_with_role(*roles):
    return [name for name, target in TARGETS.items() if target.get("role") in roles]


wildcard_constraints:
    target=one_of(TARGETS),
    product="[A-Za-z0-9_-]+",
    model=one_of(MODELS),


def local_path(path):
    """A path of the config, with ~ and environment variables put in."""
    return os.path.expandvars(os.path.expanduser(path))


def products(target):
    """Product ids of a target's images, in the config's order."""
    settings_of = TARGETS[target]
    if "simulate" in settings_of:
        return [image["product"] for image in settings_of["simulate"]["images"]]
    if "products" in settings_of:
        return settings_of["products"]
    if "search" in settings_of:
        return searched_products(target)
    return [settings.product_of(path) for path in local_files(target)]


def searched_products(target):
    table = Path(f"{RUN}/{target}/products.csv")
    if workflow.dryrun and not table.exists():
        return [SEARCHED]
    with open(checkpoints.search.get(target=target).output.table) as file:
        return [row["product"] for row in csv.DictReader(file)]


def local_files(target):
    return TARGETS[target].get("edrs") or TARGETS[target].get("cubes") or []


def local_file(wildcards):
    """The file of the config that a product is read from."""
    for path in local_files(wildcards.target):
        if settings.product_of(path) == wildcards.product:
            return local_path(path)
    raise WorkflowError(f"target {wildcards.target} has no file of product {wildcards.product}")


def edr(wildcards):
    """The EDR of a product, wherever it comes from."""
    settings_of = TARGETS[wildcards.target]
    if "edrs" in settings_of:
        return local_file(wildcards)
    folder = "simulated/edr" if "simulate" in settings_of else "edr"
    return f"{RUN}/{wildcards.target}/{folder}/{wildcards.product}.IMG"


def of_each_image(pattern):
    """Input function: a file for each image of a target; {product} in the pattern."""
    return lambda wildcards: [
        f"{RUN}/{wildcards.target}/" + pattern.format(product=product) for product in products(wildcards.target)
    ]


def map_of(target):
    return f"{RUN}/{target}/map.png"


def evaluation_tables():
    return [f"{RUN}/evaluation/table.md"] if config["evaluation"]["models"] else []


def log_of(stage, *wildcards):
    """Log file of a rule with these wildcards."""
    return f"{RUN}/logs/{stage}/" + (".".join(f"{{{name}}}" for name in wildcards) or stage) + ".log"


def benchmark_of(stage, *wildcards):
    """Benchmark file of a rule with these wildcards."""
    return f"{RUN}/benchmarks/{stage}/" + (".".join(f"{{{name}}}" for name in wildcards) or stage) + ".tsv"
