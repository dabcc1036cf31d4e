"""What the rules of images share: their files, cameras, calibration files and processing; settings of ISIS."""

import os
from functools import cache
from pathlib import Path

from imfmap.acquisition.image_table import row_of
from imfmap.acquisition.product_csv import read_lines
from imfmap.acquisition.search_report import RUN_STARTED, asked_at
from imfmap.core.checksums import FOLDER_SUMS, sha256_of_bytes
from imfmap.core.errors import InputError
from imfmap.engines.isis import commands as isis_commands, plan as isis_plan
from imfmap.nac.label import preroll_time
from imfmap.run import config_paths, snakemake_internals, target_choice
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


def product_table_content(wildcards):
    """Parameter of a rule: a digest of the cells of a product table, whatever program saved it."""
    path = product_table(wildcards)
    try:
        return sha256_of_bytes(repr(read_lines(str(path)).lines).encode()) if path else ""
    except InputError as error:
        raise WorkflowError(str(error))


def chosen_table(wildcards):
    """Table of the images that a target fetches, which its images are compared with; none if it fetches no images."""
    path = f"{RUN}/{wildcards.target}/products.csv"
    return ancient(path) if target_choice.fetches_images(config, wildcards.target) else []


@cache
def files_by_product(target):
    """Images of a target that the configuration names as files, by product."""
    return {name_of(target, path): path for path in local_files(target)}


def local_file(wildcards):
    """File of the configuration that holds the image of a product."""
    path = files_by_product(wildcards.target).get(wildcards.product)
    if path is not None:
        return user_file(path)
    raise WorkflowError(f"target {wildcards.target} has no file of product {wildcards.product}")


def image_table(wildcards):
    """Table with what is known of images that were projected elsewhere. Its lines are parameters, not its bytes."""
    table = TARGETS[wildcards.target].get("image_table")
    return ancient(user_file(table)) if table else []


def known_of_image(wildcards):
    """Parameter of a rule: what the user knows of an image, so that other lines of the table remake nothing."""
    about = TARGETS[wildcards.target]
    if "image_table" not in about:
        return {key: about[key] for key in ("sun_azimuth_deg", "incidence_deg") if key in about}
    try:
        return row_of(local_path(about["image_table"]), str(local_file(wildcards)))
    except InputError as error:
        raise WorkflowError(str(error))


def nodata_of(wildcards):
    return TARGETS[wildcards.target].get("nodata")


def on_the_map(*choices):
    """Output of a rule that lays images on the map. It is in their place, or beside it if they are co-registered next.

    They are with one of these choices of processing.coregistration.images.
    """
    return temp(UNREGISTERED) if config["processing"]["coregistration"]["images"] in choices else PROJECTED


def reference_image(wildcards):
    """Image that the other images of a target are laid on: the first that is listed. It has no reference itself."""
    first = listed_products(wildcards.target)[0]
    return [] if first == wildcards.product else f"{RUN}/{wildcards.target}/projected/{first}.tif"


def edr(wildcards):
    """EDR of a product: the user's, a simulated one, or one from the archive."""
    about = TARGETS[wildcards.target]
    if "edrs" in about:
        return local_file(wildcards)
    folder = "simulated/edr" if "simulate" in about else "edr"
    return f"{RUN}/{wildcards.target}/{folder}/{wildcards.product}.IMG"


LEVEL1 = f"{RUN}/{{target}}/isis/{{product}}"
ISIS = isis_plan.processing_of(config)
BRIGHTNESS = config["processing"]["mosaic"]["brightness"]

# ISIS finds its programs and data by these variables. The scripts inherit them.
if ENGINE == "isis":
    for variable, key in (("ISISROOT", "root"), ("ISISDATA", "data")):
        if ISIS["isis"][key]:
            os.environ[variable] = str(Path(ISIS["isis"][key]).resolve())


def intermediate(path, map=False):
    """A cube that Snakemake deletes after use, unless the configuration keeps all cubes, or the projected ones (map)."""
    keep = config["processing"]["isis"]["keep_intermediates"]
    return path if keep == "all" or (map and keep == "maps") else temp(path)


def isis_settings(*keys):
    """Some settings of processing.isis, so that a change of other settings remakes nothing."""
    return {key: ISIS["isis"][key] for key in keys}


def isis_cube(wildcards, step):
    return f"{RUN}/{wildcards.target}/isis/{wildcards.product}.{step}.cub"


def isis_spiced(wildcards):
    """Cube with a camera model: from spiceinit, or the user's."""
    return local_file(wildcards) if "cubes" in TARGETS[wildcards.target] else isis_cube(wildcards, "spice")


def isis_calibrated(wildcards):
    """Cube in I/F: from the last step of calibration, or the user's if that is calibrated."""
    if "cubes" in TARGETS[wildcards.target]:
        from imfmap.nac.instrument import cube_radiometry  # here: it loads rasterio, and every job reads this file

        try:
            if cube_radiometry(local_file(wildcards)) == "IOF":
                return local_file(wildcards)
        except InputError as error:
            raise WorkflowError(str(error))
    return isis_cube(wildcards, "echo" if config["processing"]["echo"] else "cal")


def isis_level1(wildcards):
    """Cube to project."""
    return isis_cube(wildcards, "pho") if config["processing"]["photometry"] else isis_calibrated(wildcards)


def image_processing(wildcards):
    """Settings of a target that change its images, up to their projection."""
    steps = ("masked", "dark", "darks", "nonlinearity", "flat", "echo")
    chosen = {key: config["processing"][key] for key in ("resampling", "min_valid_fraction", *steps)}
    for key in ("dark_file", "photometry", "shape_model"):
        chosen[key] = local_path(config["processing"][key]) if config["processing"][key] else None
    return {**chosen, "verify_md5": TARGETS[wildcards.target]["verify_md5"]}


def processing_files(wildcards):
    """The user's own files that processing reads."""
    files = (config["processing"][key] for key in ("dark_file", "photometry", "shape_model"))
    return [user_file(path) for path in files if path]


def isd(wildcards):
    """Camera model of an EDR: the ISD (JSON) beside it, else one made from kernels."""
    target, beside = TARGETS[wildcards.target], Path(edr(wildcards)).with_suffix(".json")
    if "simulate" in target:
        return str(beside)
    if "edrs" in target and beside.exists():
        return ancient(local(str(beside)))
    return f"{RUN}/{wildcards.target}/isd/{wildcards.product}.json"


def calibration_dir(wildcards, run=RUN_ON_DISK):
    """Parameter of a rule: folder of calibration files, which is the simulation's, the user's, or that of fetched files."""
    if "simulate" in TARGETS[wildcards.target]:
        return f"{run}/calibration/{preroll_time(wildcards.product).year}"
    folder = config["processing"]["calibration_dir"]
    if folder:
        return local_path(folder)
    return None if "cubes" in TARGETS[wildcards.target] else f"{run}/{wildcards.target}/isisdata/{wildcards.product}"


def calibration_files(wildcards):
    """Calibration files of an image: the user's, or the list of the files in a folder that a rule makes."""
    folder = config["processing"]["calibration_dir"]
    if not folder or "simulate" in TARGETS[wildcards.target]:
        made = calibration_dir(wildcards, RUN)
        return f"{made}/{FOLDER_SUMS}" if made else []
    from imfmap.nac.calibration_files import files_for_image  # here: it loads rasterio, and every job reads this file

    return [user_file(str(path)) for path in files_for_image(local_path(folder), wildcards.product)]


def calibrated_of(*targets):
    """Input function: calibrated images in their own geometry, if the configuration keeps them (native engine)."""
    return lambda wildcards: [
        f"{RUN}/{target}/calibrated/{product}.tif"
        for target in target_choice.calibrated_kept(config, *targets)
        for product in products(target)
    ]


def finished_mosaic(wildcards):
    """The user's finished mosaic of a target."""
    return user_file(TARGETS[wildcards.target]["mosaic"])


@cache
def simulated_by_product(target):
    """Settings of the images of a simulated target, by product."""
    return {image["product"]: image for image in TARGETS[target]["simulate"]["images"]}


def simulated_image(wildcards):
    """Settings of one image of a simulated target."""
    return simulated_by_product(wildcards.target)[wildcards.product]


def target_images(wildcards):
    """Projected images of a target; none if its configuration names a finished mosaic."""
    return [] if "mosaic" in TARGETS[wildcards.target] else of_each_image("projected/{product}.tif")(wildcards)


def sheet_images(wildcards):
    """Images whose Sun the figure sheets show: those that a target's mosaic was made of."""
    return [] if is_taken_in(wildcards.target) else of_each_image("projected/{product}.tif")(wildcards)


def isis_mosaic_cubes():
    """Output of automos: the mosaic, and for some priorities the source image of each pixel."""
    cube = f"{RUN}/{{target}}/isis/mosaic.cub"
    tracked = isis_commands.tracks(config["processing"]["mosaic"]["priority"])
    return [intermediate(cube), *([intermediate(str(isis_commands.tracking_cube(cube)))] if tracked else [])]


def isis_equalized():
    """Output of equalizer, if the configuration keeps all cubes: the folder of cubes of one brightness."""
    kept = config["processing"]["isis"]["keep_intermediates"] == "all"
    return directory(f"{RUN}/{{target}}/isis/equalized") if kept and BRIGHTNESS != "none" else []
