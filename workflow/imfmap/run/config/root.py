"""The whole configuration."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from ...core.choices import RECIPES
from .fields import ABSENT, ModelName, NotNegativeCount, RunName, Section, Switch, TargetName, numbers_in_one_form
from .images import Acquisition, Processing
from .learning import Augmentation, Labels, Model, Tiles, Training
from .results import Coarse, Comparison, Evaluation, Inference, Mapping, Products, Reproduction
from .target import Target


class Run(Section):
    """The run itself."""

    name: RunName = Field(description="folder of the results: `results/<name>/`")
    seed: NotNegativeCount = Field(
        1, description="seed of every random choice; the same seed gives the same files on the same machine"
    )


class Config(Section):
    """Every key of a configuration."""

    run: Run = Field(description="name and seed")
    size: Literal["full", "small"] = Field(
        "full", description="with `small`, the values of the key `small` replace others"
    )
    small: dict[str, Any] = Field(ABSENT, description="other values for size `small`; `null` deletes a key")
    recipe: Literal[RECIPES] = Field("sun_aligned", description="how images are cut into tiles, augmented and searched")
    refresh: Switch = Field(False, description="repeat the searches of the archive now")
    processing: Processing = Field(default_factory=Processing, description="calibration and projection of images")
    acquisition: Acquisition = Field(default_factory=Acquisition, description="downloads and searches")
    labels: Labels = Field(default_factory=Labels, description="widths of labels")
    tiles: Tiles = Field(default_factory=Tiles, description="tiles of images")
    augmentation: Augmentation = Field(default_factory=Augmentation, description="augmentation of training tiles")
    training: Training = Field(default_factory=Training, description="training of models")
    models: dict[ModelName, Model] = Field({}, description="models by name")
    evaluation: Evaluation = Field(default_factory=Evaluation, description="evaluation of models as in the paper")
    comparison: Comparison = Field(default_factory=Comparison, description="comparison of models on simulated targets")
    coarse: Coarse = Field(ABSENT, description="the same targets at a coarser resolution")
    reproduction: Reproduction = Field(ABSENT, description="published maps that ours are laid beside")
    inference: Inference = Field(default_factory=Inference, description="search of images and mosaics")
    mapping: Mapping = Field(default_factory=Mapping, description="from probability to fractures")
    products: Products = Field(default_factory=Products, description="products of a target")
    simulation: Annotated[dict[str, Any], AfterValidator(numbers_in_one_form)] = Field(
        {}, description="scene settings shared by all simulated targets"
    )
    targets: Annotated[dict[TargetName, Target], Field(min_length=1)] = Field(description="targets by name")
