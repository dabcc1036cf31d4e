"""Input functions from the labels to the map: of tiles, models, their comparison, and the map."""

# --- label and tile ---


def label_file(wildcards):
    """Labels of a target. A file that is still to be drawn is no input: the rule says so when it runs."""
    if "simulate" in TARGETS[wildcards.target]:
        return f"{RUN}/{wildcards.target}/simulated/labels.gpkg"
    path = local_path(TARGETS[wildcards.target]["labels"])
    return path if Path(path).exists() else []


def drawn_labels():
    """Label files that people draw, by target."""
    return {name: local_path(target["labels"]) for name, target in TARGETS.items() if "labels" in target}


def truth_raster(wildcards):
    """The exact classes of a simulated target."""
    return f"{RUN}/{wildcards.target}/simulated/truth.tif" if "simulate" in TARGETS[wildcards.target] else []


def training_tiles(recipe):
    """The tiles of every image that is trained on."""
    return [
        f"{RUN}/{target}/tiles/{recipe}/{product}.npz"
        for target in targets_with_role("train")
        for product in usable(target)
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
    return [f"{RUN}/{wildcards.target}/tiles/{recipe}/{product}.npz" for product in usable(wildcards.target)]


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


def trained_metrics(model):
    """What training wrote of a model; None of one that was trained elsewhere."""
    return f"{RUN}/models/{model}/metrics.json" if "architecture" in model_settings(model) else None


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
    if "mosaic" in TARGETS[target]:
        images = f"mosaic {Path(TARGETS[target]['mosaic']).name}"
    model = config["inference"].get("model")
    return f"Recipe {RECIPE}, model {model}, {ENGINE} engine; {images}"


# --- compare ---


SCORED_TARGETS = [name for name in targets_from("simulate") if name in targets_with_role("validation", "test", "map")]


def compared_models():
    """Names of the models with their seeds; a checkpoint that is taken as it is has but one."""
    seeds = config["comparison"]["seeds"]
    for name in config["comparison"]["models"]:
        trained = "architecture" in MODELS[name]
        for seed in seeds if trained else seeds[:1]:
            yield name, seed, f"{name}-s{seed}" if trained else name


def compared_rows(table):
    """Rows of a table of the comparison: a title, a model, its seed, and what of it is scored on each target."""
    for name, seed, model in compared_models():
        paper = MODELS[name]["recipe"] == "paper"
        told_of_sun = not paper or MODELS[name].get("sun_input", False)
        if table == "images":
            yield name, model, seed, "alone"
        elif table == "maps":
            yield f"{name}, fused", model, seed, "fused"
            if not told_of_sun:
                yield f"{name}, mosaic", model, seed, "mosaic"
        elif told_of_sun:
            for offset in config["comparison"]["sun_offsets_deg"]:
                yield f"{name}, Sun {offset:+d} deg", model, seed, f"alone{offset:+d}" if offset else "alone"


def row_scores(model, way):
    """Score files of one row."""
    return [
        f"{RUN}/comparison/{model}/{target}/scores/{part}.json"
        for target in SCORED_TARGETS
        for part in ([f"{way}/{product}" for product in usable(target)] if way.startswith("alone") else [way])
    ]


def scored_probability(wildcards):
    """The probability that a score is of."""
    return f"{RUN}/comparison/{wildcards.model}/{wildcards.target}/{wildcards.part}.tif"


def scored_image(wildcards):
    """What a probability was found in: the image, or the mosaic of all."""
    if wildcards.part.startswith("alone"):
        return f"{RUN}/{wildcards.target}/projected/{wildcards.part.split('/')[1]}.tif"
    return f"{RUN}/{wildcards.target}/mosaic.tif"
