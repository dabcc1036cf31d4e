"""What the rules share about the images of a target: which there are, and which of them can be used."""

from functools import cache
from pathlib import Path

from imfmap.core.errors import InputError
from imfmap.nac.label import product_of
from imfmap.run.plan.dry_run import SEARCHED
from imfmap.run.product_table import read_products
from imfmap.run.projected_targets import product_of_raster
from snakemake.exceptions import WorkflowError


def local_files(target):
    """Images of a target that the configuration names as files."""
    return next((TARGETS[target][key] for key in ("edrs", "cubes", "projected") if key in TARGETS[target]), [])


def name_of(target, path):
    """Product id of an image that the configuration names as a file."""
    return product_of_raster(path) if "projected" in TARGETS[target] else product_of(path)


# Dozens of input functions ask for the images of a target. What they are told is kept: a table that a search writes is
# read when the search has ended, and no other table changes during a run.
@cache
def products(target):
    """Product ids of a target's images, sorted, so that their order in the configuration changes nothing."""
    return sorted(listed_products(target))


def listed_products(target):
    """Product ids of a target's images in the order in which configuration or table list them. A new one comes last."""
    about = TARGETS[target]
    if is_averaged(target):
        return listed_products(origin(target))
    if "simulate" in about:
        return [image["product"] for image in about["simulate"]["images"]]
    if isinstance(about.get("products"), list):
        return about["products"]
    if "products" in about:
        return products_of_table(local_path(about["products"]))
    if "search" in about:
        table = Path(f"{RUN_ON_DISK}/{target}/products.csv")
        if not DRY_RUN:
            return products_of_table(checkpoints.search.get(target=target).output.table)
        return products_of_table(table) if table.exists() else [SEARCHED]
    if "mosaic" in about:
        return [product_of_raster(about["mosaic"])]
    return [name_of(target, path) for path in local_files(target)]


@cache
def products_of_table(path):
    try:
        return read_products(path)
    except InputError as error:
        raise WorkflowError(str(error))


@cache
def usable(target):
    """Product ids of a target's images, without those that are left out, if the configuration allows that."""
    if is_averaged(target):
        return usable(origin(target))
    table = Path(f"{RUN_ON_DISK}/{target}/left_out.csv")
    if not ALLOW_MISSING or "mosaic" in TARGETS[target] or (DRY_RUN and not table.exists()):
        return products(target)
    from imfmap.run.left_out import read_left_out  # here: it loads rasterio, and every job reads this file

    left_out = read_left_out(checkpoints.survey.get(target=target).output[0])
    return [product for product in products(target) if product not in left_out]


def of_each_image(pattern):
    """Input function: a file for each usable image of a target. The pattern holds {product}."""
    return lambda wildcards: files_of_images(wildcards.target, pattern)


@cache
def files_of_images(target, pattern):
    """A file for each usable image of a target. The pattern holds {product}."""
    return expand(f"{RUN}/{target}/{pattern}", product=usable(target))
