"""Input functions of the search for fractures."""

from imfmap.core.errors import InputError
from imfmap.run import model_choice, settings
from snakemake.exceptions import WorkflowError


def checkpoint(wildcards):
    """Checkpoint of the model that maps a target."""
    return f"{RUN}/models/{model_choice.mapping_model(config, wildcards.target)}/checkpoint.pt"


def mosaic_checkpoint(wildcards):
    """The same of a model that can search a mosaic; any other model is refused."""
    try:
        model_choice.check_mosaic_search(config, wildcards.target)
    except InputError as error:
        raise WorkflowError(str(error))
    return checkpoint(wildcards)


def image_probabilities(wildcards):
    """Probabilities in each image of a target. Recipe paper has none."""
    return of_each_image("probability/{product}.tif")(wildcards) if RECIPE == "sun_aligned" else []
