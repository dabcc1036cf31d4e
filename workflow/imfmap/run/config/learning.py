"""Sections about learning: labels, tiles, augmentation, training and models."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, create_model, model_validator

from ...core.choices import (
    AUGMENTATION_PROBABILITY,
    AUGMENTATION_RANGES,
    DEVICES,
    LARGEST_TILE_PX,
    LEARNING,
    MACHINE,
    PRECISIONS,
    RECIPES,
    SCALINGS,
    SCHEDULES,
    SHIPPED_MODELS,
    SPLITS,
    THRESHOLD,
    VALIDATION_FRACTION,
)
from ...labels.width_classes import LINE_WIDTH_PX
from ...learning.architectures import ARCHITECTURES, OUTPUT_STRIDES
from .fields import (
    ABSENT,
    Count,
    File,
    InnerShare,
    NotNegative,
    NotNegativeCount,
    Overlap,
    Positive,
    PositiveRange,
    Range,
    Section,
    Share,
    Text,
    fault,
    number,
    series,
    span,
    whole,
)

_PAPER, _SUN_ALIGNED = (AUGMENTATION_RANGES[recipe] for recipe in ("paper", "sun_aligned"))
# Marks keys that change where and how fast a result is made, or which model makes it, but not the result itself.
NO_CONSEQUENCE = "no consequence"

Widths = create_model(
    "Widths",
    __base__=Section,
    __doc__="Width of each class.",
    **{
        name: (Positive, Field(width_px, description=f"width of a `{name}` fracture"))
        for name, width_px in LINE_WIDTH_PX.items()
    },
)


class Labels(Section):
    """How labels are read."""

    width_px: Widths = Field(
        default_factory=Widths,
        description="width that a line of each width class is buffered to, in pixels of 1.5 m; by default the middle "
        "of the paper's class",
    )


class Tiles(Section):
    """How images are cut into tiles."""

    size_px: whole(ge=32, le=LARGEST_TILE_PX, multiple_of=32) = Field(
        512, description="side of a tile, a multiple of 32"
    )
    overlap: Overlap = Field(0.1, description="overlap of training tiles; tiles for evaluation do not overlap")
    validation_fraction: InnerShare = Field(
        VALIDATION_FRACTION, description="share of training tiles kept for validation (the paper's 4:1)"
    )
    min_valid_fraction: Share = Field(
        0.5, description="least share of valid pixels in a tile; 0 keeps every tile with a valid pixel, as the paper"
    )
    quarter_turns: bool = Field(
        True, description="recipe `paper`: add training tiles with labels again, turned by 90, 180 and 270 degrees"
    )


class PaperAugmentation(Section):
    """Augmentation of recipe `paper`."""

    clahe_regions: Count | None = Field(_PAPER["clahe_regions"], description="CLAHE: number of regions along a side")
    clahe_clip: Share = Field(_PAPER["clahe_clip"], description="CLAHE: clip limit")
    noise_sigma: Range | None = Field(
        _PAPER["noise_sigma"], description="sigma of Gaussian noise, for an image in 0..1"
    )
    distortion_scale: Range | None = Field(
        _PAPER["distortion_scale"],
        description="strength of the perspective ([values above 1](../docs/training.md#the-papers-protocol))",
    )


class SunAlignedAugmentation(Section):
    """Augmentation of recipe `sun_aligned`."""

    swap: bool = Field(_SUN_ALIGNED["swap"], description="mirror up and down, which leaves the Sun on the left")
    turn_deg: number(ge=0, le=90) = Field(_SUN_ALIGNED["turn_deg"], description="largest turn to either side, degrees")
    scale: PositiveRange = Field(_SUN_ALIGNED["scale"], description="factor on the size")
    contrast: PositiveRange = Field(_SUN_ALIGNED["contrast"], description="factor on the contrast")
    brightness: Share = Field(
        _SUN_ALIGNED["brightness"], description="largest change of the brightness, for an image in 0..1"
    )
    blur_sigma_px: Range | None = Field(_SUN_ALIGNED["blur_sigma_px"], description="sigma of Gaussian blur, pixels")
    noise_sigma: Range | None = Field(
        _SUN_ALIGNED["noise_sigma"], description="sigma of Gaussian noise, for an image in 0..1"
    )
    gamma: PositiveRange | None = Field(_SUN_ALIGNED["gamma"], description="exponent of a stretch that is not linear")
    clipped_share: number(ge=0, le=0.2) = Field(
        _SUN_ALIGNED["clipped_share"], description="largest share of the pixels that turn black, and that turn white"
    )
    jpeg_quality: span(ge=1, le=95) | None = Field(
        _SUN_ALIGNED["jpeg_quality"], description="quality of a JPEG file, 1 to 95"
    )


class Augmentation(Section):
    """Random changes of training tiles, by recipe."""

    probability: Share = Field(
        AUGMENTATION_PROBABILITY, description="probability of each change; changes are drawn independently"
    )
    paper: PaperAugmentation = Field(default_factory=PaperAugmentation, description="ranges of recipe `paper`")
    sun_aligned: SunAlignedAugmentation = Field(
        default_factory=SunAlignedAugmentation, description="ranges of recipe `sun_aligned`"
    )


class Training(Section):
    """How networks are trained."""

    epochs: Count = Field(LEARNING["epochs"], description="number of passes over the training tiles")
    learning_rate: Positive = Field(LEARNING["learning_rate"], description="learning rate of Adam")
    schedule: Literal[SCHEDULES] = Field(
        LEARNING["schedule"], description="schedule of the learning rate; for `onecycle`, `learning_rate` is the peak"
    )
    positive_weight: Positive = Field(
        LEARNING["positive_weight"], description="weight of fracture pixels in the cross-entropy"
    )
    dice_weight: NotNegative = Field(LEARNING["dice_weight"], description="weight of a Dice term in the loss")
    cldice_weight: NotNegative = Field(
        LEARNING["cldice_weight"], description="weight of a soft clDice term (for centrelines) in the loss"
    )
    ignore_px: NotNegative = Field(
        LEARNING["ignore_px"],
        description="half width of a band around the edges of labels that the loss ignores, pixels",
    )
    soft_px: NotNegative = Field(LEARNING["soft_px"], description="width of the soft edges of labels, pixels")
    quarter_turns: bool = Field(
        LEARNING["quarter_turns"],
        description="first turn every tile by a random number of quarter turns, so that a Sun-aligned tile no longer "
        "shows where the Sun is",
    )
    threshold: InnerShare = Field(
        THRESHOLD, description="least probability of a pixel that counts as fracture in the metrics"
    )
    device: Annotated[Literal[DEVICES], NO_CONSEQUENCE] = Field(
        MACHINE["device"], description="`cpu`, `cuda`, or `auto`: a GPU if there is one"
    )
    devices: Annotated[Count | Literal["auto"], NO_CONSEQUENCE] = Field(
        MACHINE["devices"], description="number of GPUs to train on together, or `auto` for all"
    )
    precision: Literal[PRECISIONS] = Field(
        MACHINE["precision"], description="`auto` is bfloat16 on a GPU that supports it, else float32"
    )
    compile: Annotated[bool, NO_CONSEQUENCE] = Field(
        MACHINE["compile"], description="use `torch.compile`, which pays off in long trainings"
    )
    workers: Annotated[NotNegativeCount, NO_CONSEQUENCE] = Field(
        MACHINE["workers"], description="number of processes that load tiles"
    )
    threads: Annotated[Count, NO_CONSEQUENCE] = Field(
        MACHINE["threads"], description="cores of an inference job, and of a training job for each device"
    )


MODEL_ORIGINS = ("architecture", "checkpoint", "zenodo", "shipped")


class Model(Section):
    """A model: trained by this workflow, or taken from elsewhere."""

    architecture: Literal[ARCHITECTURES] = Field(
        ABSENT,
        description="train a network of torchvision (`deeplabv3_...`) or of segmentation-models-pytorch",
    )
    checkpoint: File = Field(
        ABSENT,
        description="use a file: a checkpoint of this workflow, or the state of a torchvision DeepLabV3",
    )
    zenodo: Count = Field(ABSENT, description="use published weights: number of their Zenodo record")
    shipped: Literal[tuple(SHIPPED_MODELS)] = Field(
        ABSENT, description="use a model that comes with this workflow ([model card](../docs/model_card.md))"
    )
    recipe: Literal[RECIPES] = Field(
        ABSENT,
        description="recipe of the model's tiles; by default that of the run, with `zenodo` `paper`, with `shipped` "
        "that of the model",
    )
    resolution_m: Positive = Field(ABSENT, description="train and evaluate only on targets at this resolution (below)")
    batch_size: Count = Field(
        32, description="tiles in a batch; also the number of tiles over which each of the paper's metrics is computed"
    )
    input_scaling: Literal[SCALINGS] | None = Field(
        None,
        description="scale images by `imagenet` statistics, or to 0..1 (`unit`); by default `imagenet` for a network "
        "trained here. Else it is what the checkpoint says, or `unit` with a warning if it says nothing, as published "
        "weights do",
    )
    split: Literal[SPLITS] = Field(
        "tile", description="split by `tile`, as the paper, or by `place`: then no ground is in both sets"
    )
    encoder: Text = Field(ABSENT, description="name of the encoder, for networks of segmentation-models-pytorch")
    decoder_channels: series(Count, least=3) = Field(
        ABSENT, description="channels of the decoder, for `unet` and `unetplusplus`"
    )
    weights: File | None = Field(
        None, description="weights to start from: `null`, `coco` for torchvision's networks, or a checkpoint file"
    )
    encoder_weights: File | None = Field(
        ABSENT,
        description="weights of the encoder to start from: `imagenet` for torchvision's ResNets, or a file "
        "([docs/training.md](../docs/training.md#networks-and-weights))",
    )
    sun_input: bool = Field(False, description="give the model the Sun's direction, as two more channels")
    output_stride: Literal[tuple(sorted({stride for each in OUTPUT_STRIDES.values() for stride in each}))] = Field(
        ABSENT, description="output stride of the encoder; by default the network's own"
    )
    epochs: Count = Field(ABSENT, description="instead of `training`'s")
    learning_rate: Positive = Field(ABSENT, description="instead of `training`'s")
    schedule: Literal[SCHEDULES] = Field(ABSENT, description="instead of `training`'s")
    positive_weight: Positive = Field(ABSENT, description="instead of `training`'s")
    dice_weight: NotNegative = Field(ABSENT, description="instead of `training`'s")
    cldice_weight: NotNegative = Field(ABSENT, description="instead of `training`'s")
    ignore_px: NotNegative = Field(ABSENT, description="instead of `training`'s")
    soft_px: NotNegative = Field(ABSENT, description="instead of `training`'s")
    quarter_turns: bool = Field(ABSENT, description="instead of `training`'s")

    @model_validator(mode="after")
    def _one_origin(self):
        given = [name for name in MODEL_ORIGINS if name in self.model_fields_set]
        if len(given) != 1:
            raise fault(f"has {' and '.join(given) or 'no origin'}", f"give exactly one of {', '.join(MODEL_ORIGINS)}")
        if given[0] != "architecture":
            for name in type(self).model_fields:
                if name in self.model_fields_set and name not in USED_OF_ANY_MODEL:
                    raise fault(f"{name} does nothing without architecture", "leave it out")
        return self


# Keys that any model may have. Only a training reads the others.
USED_OF_ANY_MODEL = (*MODEL_ORIGINS, "recipe", "resolution_m", "batch_size", "input_scaling")


def is_sun_aware(model: Mapping[str, Any]) -> bool:
    """Whether a model (an entry of a complete configuration's ``models``) is Sun-aware.

    Its tiles are turned to the Sun and keep this orientation, or it is given the Sun's direction.
    """
    aligned = model["recipe"] == "sun_aligned" and not model.get("quarter_turns", False)
    return aligned or model.get("sun_input", False)
