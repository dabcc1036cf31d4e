"""Input functions from the labels to the map: of tiles, models, their comparison, and the map."""

# --- label and tile ---


def label_file(wildcards):
    """Labels of a target. A file that is still to be drawn is no input: the rule says so when it runs."""
    target = origin(wildcards.target)
    if "simulate" in TARGETS[target]:
        return f"{RUN}/{target}/simulated/labels.gpkg"
    path = local_path(TARGETS[target]["labels"])
    return path if Path(path).exists() else []


def drawn_labels():
    """Label files that people draw, by target."""
    return {name: local_path(TARGETS[name]["labels"]) for name in targets_from("labels") if origin(name) == name}


def truth_raster(wildcards):
    """The exact classes of a simulated target."""
    target = origin(wildcards.target)
    return f"{RUN}/{target}/simulated/truth.tif" if "simulate" in TARGETS[target] else []


def tile_truth(wildcards):
    """Them on the pixels of the tiles: a coarser map's are others."""
    return truth_raster(wildcards) if origin(wildcards.target) == wildcards.target else []


def tile_image(wildcards):
    """What tiles are cut from: an image, or the mosaic that somebody else made, as inference sees it."""
    if wildcards.recipe == "paper" and wildcards.target in targets_taken_in():
        return f"{RUN}/{wildcards.target}/mosaic.tif"
    return f"{RUN}/{wildcards.target}/projected/{wildcards.product}.tif"


def targets_to_learn(resolution_m, *roles):
    """Targets of these roles at the resolution that a model asks for; of one that asks for none, those of the config."""
    return [
        name
        for name in targets_with_role(*roles)
        if (TARGETS[name]["resolution_m"] == resolution_m if resolution_m else origin(name) == name)
    ]


def training_tiles(recipe, resolution_m=None):
    """The tiles of every image that is trained on."""
    return [
        f"{RUN}/{target}/tiles/{recipe}/{product}.npz"
        for target in targets_to_learn(resolution_m, "train")
        for product in usable(target)
    ]


def model_tiles(wildcards):
    """Training tiles of a model's recipe and resolution."""
    chosen = model_settings(wildcards.model)
    return training_tiles(chosen["recipe"], chosen.get("resolution_m"))


def model_split(wildcards):
    """Which of them train a model."""
    chosen = model_settings(wildcards.model)
    scale = f".{chosen['resolution_m']:g}m" if "resolution_m" in chosen else ""
    return f"{RUN}/models/split.{chosen['recipe']}.{chosen['split']}{scale}.csv"


def evaluated():
    """Files of the evaluation: each model on the targets at its resolution."""
    return [
        f"{RUN}/evaluation/{model}/{target}.json"
        for model in config["evaluation"]["models"]
        for target in targets_to_learn(model_settings(model).get("resolution_m"), "validation", "test")
    ]


def target_tiles(wildcards):
    """Tiles of a target, cut for a model's recipe."""
    recipe = model_settings(wildcards.model)["recipe"]
    return [f"{RUN}/{wildcards.target}/tiles/{recipe}/{product}.npz" for product in usable(wildcards.target)]


# --- train, evaluate, infer, map ---

# Processes that a training shares its batches among, each on a GPU where there are any. What "auto" will find is not
# known here; profiles/slurm asks for so many.
DEVICES = config["training"]["devices"] if config["training"]["devices"] != "auto" else 1
os.environ.update(IMFMAP_DEVICES=str(DEVICES))


def models_with(key):
    """Regular expression of the models that have a key; -s and a number behind a name stands for another seed."""
    return rf"({one_of([name for name, model in MODELS.items() if key in model])})(-s[0-9]+)?"


def model_settings(model):
    """A model of the config and its seed: the run's, or that in its name (unet-s3)."""
    if model in MODELS:
        return {**MODELS[model], "seed": SEED}
    name, _, seed = model.rpartition("-s")
    return {**MODELS[name], "seed": int(seed)}


def recipe_augmentation(recipe):
    """What changes tiles of a recipe: the other one's ranges are none of its trainings' concern."""
    return {key: value for key, value in config["augmentation"].items() if key in ("probability", recipe)}


def trained_metrics(model):
    """What training wrote of a model; None of one that was trained elsewhere."""
    return f"{RUN}/models/{model}/metrics.json" if "architecture" in model_settings(model) else None


def weights_file(name, network):
    """File of weights that a training starts from: one that the config names, or torchvision's of a network."""
    if name in ("coco", "imagenet"):
        # Fetched anew, they are the same: no reason to train again.
        return ancient(f"{RUN}/models/{name}.{network}.pth")
    return local_path(name) if name else []


def starting_weights(wildcards):
    model = model_settings(wildcards.model)
    return weights_file(model["weights"], model["architecture"])


def starting_encoder(wildcards):
    model = model_settings(wildcards.model)
    return weights_file(model.get("encoder_weights"), model.get("encoder", IMAGENET_ENCODERS[0]))


def mapping_model(target):
    """Name of the model that maps a target."""
    return TARGETS[target].get("model", config["inference"].get("model"))


def checkpoint(wildcards):
    """The checkpoint of the model that maps a target."""
    try:
        check_can_map(config, [wildcards.target], CONFIG_FILES)
    except InputError as error:
        raise WorkflowError(str(error))
    return f"{RUN}/models/{mapping_model(wildcards.target)}/checkpoint.pt"


def mosaic_checkpoint(wildcards):
    """The same, of a model that can search a mosaic."""
    name = mapping_model(wildcards.target)
    if name is not None:
        try:
            check_mosaic_model(MODELS[name]["recipe"], MODELS[name]["sun_input"], f"models.{name}")
        except InputError as error:
            raise WorkflowError(str(error))
    return checkpoint(wildcards)


def boundary_file(wildcards):
    """Floor and melt ponds of a target, where they are mapped."""
    name = origin(wildcards.target)
    target = TARGETS[name]
    if "simulate" in target:
        return f"{RUN}/{name}/simulated/boundary.gpkg"
    return local_path(target["boundary"]) if "boundary" in target else []


def has_boundary(target):
    target = TARGETS[origin(target)]
    return "simulate" in target or "boundary" in target


def distances_file(wildcards):
    """Distances to the wall of a target whose floor is mapped."""
    return f"{RUN}/{wildcards.target}/distances.json" if has_boundary(wildcards.target) else []


def map_footer(target):
    """Small print of a map: what was mapped, how."""
    images = "simulated LROC NAC images" if "simulate" in TARGETS[origin(target)] else "LROC NAC images: NASA/GSFC/ASU"
    if "mosaic" in TARGETS[target]:
        images = f"mosaic {Path(TARGETS[target]['mosaic']).name}"
    name = mapping_model(target)
    own = f" of recipe {MODELS[name]['recipe']}" if name and MODELS[name]["recipe"] != RECIPE else ""
    return f"Recipe {RECIPE}, model {name}{own}, {ENGINE} engine; {images}"


# --- coarser pixels ---


def coarse_maps(target):
    """Targets that show this one through finer and coarser pixels, and what each is called."""
    fine_m, coarse_m = TARGETS[target]["resolution_m"], config["coarse"]["resolution_m"]
    maps = {target: f"{fine_m:g} m/px", f"{target}_coarse": f"{coarse_m:g} m/px"}
    if f"{target}_retrained" in TARGETS:
        maps[f"{target}_retrained"] = f"{coarse_m:g} m/px, retrained"
    return maps


def coarse_files(wildcards, file):
    return [f"{RUN}/{name}/{file}" for name in coarse_maps(wildcards.target)]


def true_folder(target):
    """Where the truth of a simulated target lies; none of another."""
    return f"{RUN}/{target}/simulated" if target in targets_from("simulate") else None


def truth_of(target):
    """Files of its truth."""
    return [f"{true_folder(target)}/truth.{suffix}" for suffix in ("tif", "gpkg")] if true_folder(target) else []


# --- compare ---


SCORED_TARGETS = [name for name in targets_from("simulate") if name in targets_with_role("validation", "test", "map")]


QUESTIONS = config["comparison"]["questions"]


def compared_models(question):
    """Names of a question's models with their seeds; a checkpoint that is taken as it is has but one."""
    seeds = config["comparison"]["seeds"]
    for name in QUESTIONS[question]["models"]:
        trained = "architecture" in MODELS[name]
        for seed in seeds if trained else seeds[:1]:
            yield name, seed, f"{name}-s{seed}" if trained else name


def compared_rows(question, table):
    """Rows of a table of the comparison: name, model, its seed and trained name, and which of its maps is scored (variant)."""
    for name, seed, trained in compared_models(question):
        aware = is_sun_aware(MODELS[name])
        row = {"name": name, "model": name, "seed": seed, "trained": trained, "variant": "alone"}
        if table == "images":
            yield row
        elif table == "maps":
            yield row | {"name": f"{name}, one image", "variant": "one_image"}
            if MODELS[name]["recipe"] == "paper" and not aware:
                yield row | {"name": f"{name}, mosaic", "variant": "mosaic"}
            yield row | {"name": f"{name}, fused", "variant": "fused"}
        elif aware:
            for offset in config["comparison"]["sun_offsets_deg"]:
                variant = f"alone{offset:+d}" if offset else "alone"
                yield row | {"name": f"{name}, Sun {offset:+d} deg", "variant": variant, "sun_offset_deg": offset}
        else:
            # Where the others fall below it, their gain ends.
            yield row | {"name": f"{name}, not told"}


def comparison_tables(question):
    """Tables that answer a question."""
    return [f"{RUN}/comparison/{question}/{table}.md" for table in QUESTIONS[question]["tables"]]


def row_scores(row):
    """Score files of one row, or folders of them."""
    ending = "" if row["variant"].startswith("alone") else ".json"
    scores = f"scores/{row['variant']}{ending}"
    return [f"{RUN}/compared/{row['trained']}/{target}/{scores}" for target in SCORED_TARGETS]
