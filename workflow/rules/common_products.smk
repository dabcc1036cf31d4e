"""What the rules share about the images of a target: which there are, and which of them can be used."""

from pathlib import Path

from imfmap.core.errors import InputError
from imfmap.nac.label import product_of
from imfmap.run.mosaic_targets import product_of_mosaic
from imfmap.run.product_table import read_products
from snakemake.exceptions import WorkflowError

# Stands for the images of a search that has not run yet, so that a dry run lists every step nevertheless.
SEARCHED = "NOT_SEARCHED_YET"


def local_files(target):
    """Images of a target that the configuration names as files."""
    return TARGETS[target].get("edrs") or TARGETS[target].get("cubes") or []


def products(target):
    """Product ids of a target's images, sorted, so that their order in the configuration changes nothing."""
    about = TARGETS[target]
    if target in targets_averaged():
        return products(origin(target))
    if "simulate" in about:
        return sorted(image["product"] for image in about["simulate"]["images"])
    if isinstance(about.get("products"), list):
        return sorted(about["products"])
    if "products" in about:
        return products_of_table(local_path(about["products"]))
    if "search" in about:
        table = Path(f"{RUN_ON_DISK}/{target}/products.csv")
        if not DRY_RUN:
            return products_of_table(checkpoints.search.get(target=target).output.table)
        return products_of_table(table) if table.exists() else [SEARCHED]
    if "mosaic" in about:
        return [product_of_mosaic(about["mosaic"])]
    return sorted(map(product_of, local_files(target)))


def products_of_table(path):
    try:
        return sorted(read_products(path))
    except InputError as error:
        raise WorkflowError(str(error))


def usable(target):
    """Product ids of a target's images, without those that are left out, if the configuration allows that."""
    if target in targets_averaged():
        return usable(origin(target))
    table = Path(f"{RUN_ON_DISK}/{target}/left_out.csv")
    if not ALLOW_MISSING or "mosaic" in TARGETS[target] or (DRY_RUN and not table.exists()):
        return products(target)
    from imfmap.run.left_out import read_left_out  # here: it loads rasterio, and every job reads this file

    left_out = read_left_out(checkpoints.survey.get(target=target).output[0])
    return [product for product in products(target) if product not in left_out]


def of_each_image(pattern):
    """Input function: a file for each usable image of a target. The pattern holds {product}."""
    return lambda wildcards: expand(f"{RUN}/{wildcards.target}/{pattern}", product=usable(wildcards.target))
