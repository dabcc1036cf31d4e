"""Names of files and the input functions that rules share."""

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


def targets_simulated(path):
    """Simulated targets whose images take this path, sensor or direct."""
    return [name for name in targets_from("simulate") if TARGETS[name]["simulate"]["path"] == path]


def targets_with_edrs():
    return [*targets_from("edrs", "products", "search"), *targets_simulated("sensor")]


wildcard_constraints:
    target=one_of(TARGETS),
    product="[A-Za-z0-9_-]+",
    model=rf"({one_of(MODELS)})(-s[0-9]+)?",
    recipe="imfmap|paper",


def local_path(path):
    """A path of the config, with ~ and environment variables put in."""
    return os.path.expandvars(os.path.expanduser(path))


def place(wildcards):
    """Where a target's map lies: all that its grid depends on."""
    target = TARGETS[wildcards.target]
    return {key: target[key] for key in PLACE_KEYS if key in target}


def image_processing(wildcards):
    """How a target's images are processed, up to their projection."""
    steps = ("masked", "dark", "darks", "nonlinearity", "flat", "echo")
    chosen = {key: config["processing"][key] for key in ("resampling", "min_valid_fraction", *steps)}
    for key in ("dark_file", "photometry", "shape_model"):
        chosen[key] = local_path(config["processing"][key]) if config["processing"][key] else None
    return {**chosen, "verify_md5": TARGETS[wildcards.target]["verify_md5"]}


def processing_files(wildcards):
    """The user's own files that processing reads."""
    chosen = image_processing(wildcards)
    return [chosen[key] for key in ("dark_file", "photometry", "shape_model") if chosen[key]]


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
    try:
        return settings.read_products(checkpoints.search.get(target=target).output.table)
    except InputError as error:
        raise WorkflowError(str(error))


def local_files(target):
    return TARGETS[target].get("edrs") or TARGETS[target].get("cubes") or []


def local_file(wildcards):
    """The file of the config that a product is read from."""
    for path in local_files(wildcards.target):
        if settings.product_of(path) == wildcards.product:
            return local_path(path)
    raise WorkflowError(f"target {wildcards.target} has no file of product {wildcards.product}")


def simulated_image(wildcards):
    """Settings of one image of a simulated target."""
    images = TARGETS[wildcards.target]["simulate"]["images"]
    return next(image for image in images if image["product"] == wildcards.product)


def edr(wildcards):
    """The EDR of a product, wherever it comes from."""
    settings_of = TARGETS[wildcards.target]
    if "edrs" in settings_of:
        return local_file(wildcards)
    folder = "simulated/edr" if "simulate" in settings_of else "edr"
    return f"{RUN}/{wildcards.target}/{folder}/{wildcards.product}.IMG"


def of_each_image(pattern):
    """Input function: a file for each image of a target; {product} in the pattern."""
    return lambda wildcards: expand(f"{RUN}/{wildcards.target}/{pattern}", product=products(wildcards.target))


def map_of(target):
    return f"{RUN}/{target}/map.png"


def calibrated_of(*targets):
    """Input function: calibrated images in their own geometry, where the config asks to keep them (native engine)."""
    direct = targets_simulated("direct")
    kept = [name for name in targets if name not in direct] if config["processing"]["keep_calibrated"] else ()
    return lambda wildcards: [
        f"{RUN}/{target}/calibrated/{product}.tif" for target in kept for product in products(target)
    ]


def evaluation_tables():
    return [f"{RUN}/evaluation/table.md"] if config["evaluation"]["models"] else []


def log_of(stage, *wildcards):
    """Log file of a rule with these wildcards."""
    name = ".".join(f"{{{wildcard}}}" for wildcard in wildcards) or stage
    return f"{RUN}/logs/{stage}/{name}.log"


def benchmark_of(stage, *wildcards):
    """Benchmark file of a rule with these wildcards."""
    name = ".".join(f"{{{wildcard}}}" for wildcard in wildcards) or stage
    return f"{RUN}/benchmarks/{stage}/{name}.tsv"


# --- calibrate and project ---


LEVEL1 = f"{RUN}/{{target}}/isis/{{product}}"


def intermediate(path):
    return path if config["processing"]["isis"]["keep_intermediates"] else temp(path)


def isis_level1(wildcards):
    """The cube that is projected: the last of the switched-on steps, or the user's own."""
    if "cubes" in TARGETS[wildcards.target]:
        return local_file(wildcards)
    if config["processing"]["photometry"]:
        step = "pho"
    else:
        step = "echo" if config["processing"]["echo"] else "cal"
    return f"{RUN}/{wildcards.target}/isis/{wildcards.product}.{step}.cub"


PROJECTED = f"{RUN}/{{target}}/projected/{{product}}.tif"


def isd(wildcards):
    """Camera model of an EDR: the ISD (JSON) beside it."""
    return str(Path(edr(wildcards)).with_suffix(".json"))


def calibration_dir(wildcards):
    if "simulate" in TARGETS[wildcards.target]:
        return rules.simulate_calibration.output[0]
    folder = config["processing"]["calibration_dir"]
    return local_path(folder) if folder else []


# --- label and tile ---


def label_file(wildcards):
    """Labels of a target. A file that is still to be drawn is no input: the rule says so when it runs."""
    if "simulate" in TARGETS[wildcards.target]:
        return f"{RUN}/{wildcards.target}/simulated/labels.gpkg"
    path = local_path(TARGETS[wildcards.target]["labels"])
    return path if Path(path).exists() else []


def truth_raster(wildcards):
    """The exact classes of a simulated target."""
    return f"{RUN}/{wildcards.target}/simulated/truth.tif" if "simulate" in TARGETS[wildcards.target] else []


def training_tiles(recipe):
    """The tiles of every image that is trained on."""
    return [
        f"{RUN}/{target}/tiles/{recipe}/{product}.npz"
        for target in targets_with_role("train")
        for product in products(target)
    ]


def model_tiles(wildcards):
    """Training tiles of a model's recipe."""
    return training_tiles(model_settings(wildcards.model)["recipe"])


def model_split(wildcards):
    """Which of them train a model."""
    chosen = model_settings(wildcards.model)
    return f"{RUN}/models/split.{chosen['recipe']}.{chosen['split']}.csv"


def target_tiles(wildcards):
    """Tiles of a target, cut for a model's recipe."""
    recipe = model_settings(wildcards.model)["recipe"]
    return [f"{RUN}/{wildcards.target}/tiles/{recipe}/{product}.npz" for product in products(wildcards.target)]


# --- train, evaluate, infer, map ---


def models_with(key):
    """Regular expression of the models that have a key; -s and a number behind a name stands for another seed."""
    return rf"({one_of([name for name, model in MODELS.items() if key in model])})(-s[0-9]+)?"


def model_settings(model):
    """A model of the config and its seed: the run's, or that in its name (unet-s3)."""
    if model in MODELS:
        return {**MODELS[model], "seed": SEED}
    name, _, seed = model.rpartition("-s")
    return {**MODELS[name], "seed": int(seed)}


def starting_weights(wildcards):
    """File that training starts from, where the config names one."""
    weights = model_settings(wildcards.model)["weights"]
    return [] if weights in (None, "coco") else local_path(weights)


CHECKPOINT = f"{RUN}/models/{config['inference'].get('model')}/checkpoint.pt"


def boundary_file(wildcards):
    """Floor and melt ponds of a target, where they are mapped."""
    target = TARGETS[wildcards.target]
    if not config["mapping"]["floor"]:
        return []
    if "simulate" in target:
        return f"{RUN}/{wildcards.target}/simulated/boundary.gpkg"
    return local_path(target["boundary"]) if "boundary" in target else []


def map_footer(target):
    """Small print of a map: what was mapped, how."""
    images = "simulated LROC NAC images" if "simulate" in TARGETS[target] else "LROC NAC images: NASA/GSFC/ASU"
    model = config["inference"].get("model")
    return f"Recipe {RECIPE}, model {model}, {ENGINE} engine; {images}"
