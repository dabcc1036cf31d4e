"""Names of files and the input functions that rules share."""

from imfmap.products import product_files

RUN = f"results/{config['run']['name']}"
SEED = config["run"]["seed"]
TARGETS = config["targets"]
MODELS = config["models"]
ENGINE = config["processing"]["engine"]
ALLOW_MISSING = config["processing"]["allow_missing"]
RECIPE = config["recipe"]
ISISDATA = os.path.expandvars(os.path.expanduser(config["acquisition"]["isisdata"]))

# Stands for the images of a search that has not been made, so that a dry run still lists every step.
SEARCHED = "NOT_SEARCHED_YET"


def one_of(names):
    """Regular expression of exactly these names (of none: one that never matches)."""
    return "|".join(names) or "(?!)"


def targets_from(*sources):
    return [name for name, target in TARGETS.items() if any(source in target for source in sources)]


def targets_with_role(*roles):
    return [name for name, target in TARGETS.items() if target.get("role") in roles]


def origin(target):
    """The target that a coarser one shows; any other is its own."""
    return TARGETS[target].get("coarse_of", target)


def targets_averaged():
    """Targets whose images are averaged out of another's."""
    return [name for name in targets_from("coarse_of") if "mosaic" not in TARGETS[name]]


def targets_simulated(path):
    """Simulated targets whose images take this path, sensor or direct."""
    return [name for name in targets_from("simulate") if TARGETS[name]["simulate"]["path"] == path]


def targets_with_edrs():
    return [*targets_from("edrs", "products", "search"), *targets_simulated("sensor")]


wildcard_constraints:
    target=one_of(TARGETS),
    product="[A-Za-z0-9_-]+",
    model=rf"({one_of(MODELS)})(-s[0-9]+)?",
    recipe=one_of(RECIPES),


def local_path(path):
    """A path of the config, with ~ and environment variables put in."""
    return os.path.expandvars(os.path.expanduser(path))


def rising(first):
    """A resource that doubles with every attempt: a job that ran out of it gets more when it is tried again."""
    return lambda wildcards, attempt: first * 2 ** (attempt - 1)


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


def shown(path, caption, category="{target}", **labels):
    """An output that `snakemake --report` shows, with its caption of workflow/report."""
    return report(path, caption=f"../report/{caption}.rst", category=category, labels=labels)


def code_param(script):
    """Parameter of a rule: digest of its script and of what that reaches of the library."""
    return lambda wildcards: code_of(script)


def products(target):
    """Product ids of a target's images, in their order, whatever that in which they are listed."""
    return sorted(listed_products(target))


def listed_products(target):
    if target in targets_averaged():
        return products(origin(target))
    settings_of = TARGETS[target]
    if "simulate" in settings_of:
        return [image["product"] for image in settings_of["simulate"]["images"]]
    if "products" in settings_of:
        listed = settings_of["products"]
        return listed if isinstance(listed, list) else products_of_table(local_path(listed))
    if "search" in settings_of:
        return searched_products(target)
    if "mosaic" in settings_of:
        return [product_of_mosaic(settings_of["mosaic"])]
    return [product_of(path) for path in local_files(target)]


def searched_products(target):
    table = Path(f"{RUN}/{target}/products.csv")
    if workflow.dryrun:
        return products_of_table(table) if table.exists() else [SEARCHED]
    return products_of_table(checkpoints.search.get(target=target).output.table)


def products_of_table(path):
    try:
        return read_products(path)
    except InputError as error:
        raise WorkflowError(str(error))


# Targets whose search this run has been told to ask again.
ASKED_AGAIN = set()


def asked_again(wildcards):
    """A file that is newer than a search's answer where that is to be asked for again: told so, or too old."""
    folder = Path(f"{RUN}/{wildcards.target}")
    mark, report = folder / "asked_again", folder / "products.json"
    if report.exists() and (config["refresh"] or is_old(report, config["acquisition"]["max_age_days"])):
        if workflow.dryrun:
            # Nothing is touched; another set of inputs shows as well that the search would run.
            return [] if mark.exists() else str(workflow.configfiles[0])
        if workflow.is_main_process and wildcards.target not in ASKED_AGAIN:
            ASKED_AGAIN.add(wildcards.target)
            # Something new in it: a file of the same content is not newer to Snakemake.
            mark.write_text(f"{now()}\n")
    return str(mark) if mark.exists() else []


def search_polygon(wildcards):
    """The file that a search's polygon is read from, where it is no text."""
    polygon = TARGETS[wildcards.target]["search"].get("polygon", "POLYGON")
    return [] if polygon.upper().startswith(("POLYGON", "MULTIPOLYGON")) else local_path(polygon)


def product_table(wildcards):
    """The product table that a target's products are named by, where they are not listed."""
    listed = TARGETS[wildcards.target]["products"]
    return [] if isinstance(listed, list) else local_path(listed)


def local_files(target):
    return TARGETS[target].get("edrs") or TARGETS[target].get("cubes") or []


def local_file(wildcards):
    """The file of the config that a product is read from."""
    for path in local_files(wildcards.target):
        if product_of(path) == wildcards.product:
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


def usable(target):
    """Product ids of a target's images but for those that are left out, where the config allows it."""
    if target in targets_averaged():
        return usable(origin(target))
    table = Path(f"{RUN}/{target}/left_out.csv")
    if not ALLOW_MISSING or "mosaic" in TARGETS[target] or (workflow.dryrun and not table.exists()):
        return products(target)
    from imfmap.run.left_out import read_left_out  # rasterio: here, since every job reads this file

    left_out = read_left_out(checkpoints.survey.get(target=target).output[0])
    return [product for product in products(target) if product not in left_out]


def of_each_image(pattern):
    """Input function: a file for each usable image of a target; {product} in the pattern."""
    return lambda wildcards: expand(f"{RUN}/{wildcards.target}/{pattern}", product=usable(wildcards.target))


def title_of(wildcards):
    return TARGETS[wildcards.target].get("title", wildcards.target)


def wanted_of(target):
    """Entries of a target's files, as far as the config asks for them."""
    holds = {product_files.BOUNDARY: has_boundary(target), product_files.TRUTH: "simulate" in TARGETS[origin(target)]}
    return product_files.wanted(config["products"], [condition for condition, true in holds.items() if true])


def products_of(target):
    """A target's files that its catalogue names."""
    return [f"{RUN}/{target}/{file.name}" for file in wanted_of(target) if file.roles]


def map_of(target):
    """All that a target's own rule makes."""
    return [f"{RUN}/{target}/{file.name}" for file in wanted_of(target)]


def run_catalog():
    return [f"{RUN}/catalog.json"] if config["products"]["stac"] and targets_with_role("map") else []


def target_images(wildcards):
    """Projected images of a target; none of a finished mosaic."""
    if "mosaic" in TARGETS[wildcards.target]:
        return []
    return of_each_image("projected/{product}.tif")(wildcards)


def sheet_images(wildcards):
    """Images whose Sun the figure sheets show: those that a target's mosaic was made of."""
    if wildcards.target in targets_taken_in():
        return []
    return of_each_image("projected/{product}.tif")(wildcards)


def base_map(wildcards):
    """What a target's overview is drawn on, where it names something."""
    return local_path(TARGETS[wildcards.target].get("base_map", "")) or []


def footprint_rasters(wildcards):
    """What outlines are drawn of: a target's images, or its finished mosaic."""
    return target_images(wildcards) or [f"{RUN}/{wildcards.target}/mosaic.tif"]


def viewer_images(wildcards):
    return target_images(wildcards) if config["products"]["viewer_images"] else []


def calibrated_of(*targets):
    """Input function: calibrated images in their own geometry, where the config asks to keep them (native engine)."""
    others = [*targets_simulated("direct"), *targets_from("mosaic", "coarse_of")]
    kept = [name for name in targets if name not in others] if config["processing"]["keep_calibrated"] else ()
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
ISIS = isis_plan.processing_of(config)

# The scripts inherit these; ISIS looks nowhere else.
if ENGINE == "isis":
    for variable, key in (("ISISROOT", "root"), ("ISISDATA", "data")):
        if ISIS["isis"][key]:
            os.environ[variable] = str(Path(ISIS["isis"][key]).resolve())


def intermediate(path, map=False):
    """A file that the config may ask to keep, or (map) asks to keep unless it says none."""
    keep = config["processing"]["isis"]["keep_intermediates"]
    return path if keep == "all" or (map and keep == "maps") else temp(path)


def isis_settings(*keys):
    """These of processing.isis, so that a change of the others remakes nothing."""
    return {key: ISIS["isis"][key] for key in keys}


def isis_cube(wildcards, step):
    return f"{RUN}/{wildcards.target}/isis/{wildcards.product}.{step}.cub"


def isis_spiced(wildcards):
    """The cube with a camera: spiceinit's, or the user's own."""
    return local_file(wildcards) if "cubes" in TARGETS[wildcards.target] else isis_cube(wildcards, "spice")


def isis_calibrated(wildcards):
    """The cube in I/F: of the last step of calibration that is on, or the user's own where it is calibrated."""
    if "cubes" in TARGETS[wildcards.target]:
        from imfmap.nac.instrument import cube_radiometry  # rasterio: here, since every job reads this file

        try:
            if cube_radiometry(local_file(wildcards)) == "IOF":
                return local_file(wildcards)
        except InputError as error:
            raise WorkflowError(str(error))
    return isis_cube(wildcards, "echo" if config["processing"]["echo"] else "cal")


def isis_level1(wildcards):
    """The cube that is projected."""
    return isis_cube(wildcards, "pho") if config["processing"]["photometry"] else isis_calibrated(wildcards)


def isis_laid(wildcards):
    """What automos lays over each other: the projected cubes, or the folder of those of one brightness."""
    if config["processing"]["mosaic"]["brightness"] == "none":
        return of_each_image("isis/{product}.map.cub")(wildcards)
    return f"{RUN}/{wildcards.target}/isis/equalized"


def isis_mosaic_cubes():
    """What automos makes: the mosaic, and beside it which image each pixel came from."""
    cube = f"{RUN}/{{target}}/isis/mosaic.cub"
    tracked = isis_commands.tracks(config["processing"]["mosaic"]["priority"])
    return [intermediate(cube), *([intermediate(str(isis_commands.tracking_cube(cube)))] if tracked else [])]


def targets_mosaicked(engine):
    """Targets whose mosaic this engine makes: images that are simulated on the map are no cubes, whatever the engine."""
    own = [*targets_with_edrs(), *targets_from("cubes")]
    on_map = [
        *targets_simulated("direct"),
        *targets_averaged(),
        *(targets_from("mosaic") if RECIPE == "sun_aligned" else []),
    ]
    made = {ENGINE: own, "native": [*on_map, *(own if ENGINE == "native" else [])]}
    return made.get(engine, [])


def targets_taken_in():
    """Targets whose mosaic is a finished one as it is. Recipe sun_aligned takes such a one for an image, under its one Sun."""
    return targets_from("mosaic") if RECIPE == "paper" else []


def own_map(wildcards):
    """The mosaic whose pixels a target's rasters share, where it may lie on others than the target's grid."""
    return f"{RUN}/{wildcards.target}/mosaic.tif" if wildcards.target in targets_taken_in() else []


PROJECTED = f"{RUN}/{{target}}/projected/{{product}}.tif"


def isd(wildcards):
    """Camera model of an EDR: the ISD (JSON) beside it, else one made from kernels."""
    target, beside = TARGETS[wildcards.target], Path(edr(wildcards)).with_suffix(".json")
    if "simulate" in target or ("edrs" in target and beside.exists()):
        return str(beside)
    return f"{RUN}/{wildcards.target}/isd/{wildcards.product}.json"


def calibration_dir(wildcards):
    """Calibration files: the simulation's, the user's, else those that were fetched for the image."""
    if "simulate" in TARGETS[wildcards.target]:
        return f"{RUN}/calibration/{preroll_time(wildcards.product).year}"
    folder = config["processing"]["calibration_dir"]
    if folder:
        return local_path(folder)
    return [] if "cubes" in TARGETS[wildcards.target] else f"{RUN}/{wildcards.target}/isisdata/{wildcards.product}"
