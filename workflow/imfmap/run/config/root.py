"""The whole configuration."""

from typing import Annotated, Any, Literal

from pydantic import Field

from ...core.choices import RECIPES
from .fields import ABSENT, ModelName, NotNegativeCount, RunName, Section, Switch, TargetName
from .images import Acquisition, Processing
from .learning import Augmentation, Labels, Model, Tiles, Training
from .results import Coarse, Comparison, Evaluation, Inference, Mapping, Products
from .target import Target


class Run(Section):
    """The run itself."""

    name: RunName = Field(description="folder of the results: `results/<name>/`")
    seed: NotNegativeCount = Field(
        1, description="root of every random choice; the same seed gives the same files on the same machine"
    )


class Config(Section):
    """Every key of a configuration."""

    run: Run = Field(description="name and seed")
    size: Literal["full", "small"] = Field("full", description="`small` puts the key `small` over all others")
    small: dict[str, Any] = Field(ABSENT, description="what is different with size `small`; `null` takes a key away")
    recipe: Literal[RECIPES] = Field("sun_aligned", description="how images are cut, augmented and searched")
    refresh: Switch = Field(False, description="repeat the searches now")
    processing: Processing = Field(default_factory=Processing, description="images")
    acquisition: Acquisition = Field(default_factory=Acquisition, description="downloads and searches")
    labels: Labels = Field(default_factory=Labels, description="widths of labels")
    tiles: Tiles = Field(default_factory=Tiles, description="tiles of images")
    augmentation: Augmentation = Field(default_factory=Augmentation, description="of training tiles")
    training: Training = Field(default_factory=Training, description="of models")
    models: dict[ModelName, Model] = Field({}, description="names of models, and what each is")
    evaluation: Evaluation = Field(default_factory=Evaluation, description="models in the paper's way")
    comparison: Comparison = Field(default_factory=Comparison, description="models on simulated targets")
    coarse: Coarse = Field(ABSENT, description="the same targets through coarser pixels")
    inference: Inference = Field(default_factory=Inference, description="search of images and mosaics")
    mapping: Mapping = Field(default_factory=Mapping, description="from probability to fractures")
    products: Products = Field(default_factory=Products, description="files of a target")
    simulation: dict[str, Any] = Field({}, description="scene settings shared by all simulated targets")
    targets: Annotated[dict[TargetName, Target], Field(min_length=1)] = Field(
        description="names of targets, and what each is"
    )
