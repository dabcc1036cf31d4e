"""Sections about learning: labels, tiles, augmentation, trainings and models."""

from typing import Annotated, Literal

from pydantic import Field, create_model, model_validator

from ...core.choices import (
    AUGMENTATION_PROBABILITY,
    AUGMENTATION_RANGES,
    DEVICES,
    LEARNING,
    MACHINE,
    PRECISIONS,
    RECIPES,
    SCALINGS,
    SCHEDULES,
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
    whole,
)

_PAPER, _SUN_ALIGNED = (AUGMENTATION_RANGES[recipe] for recipe in ("paper", "sun_aligned"))
# Marks keys that say where and how fast something is made, or by which model, but not what of it.
NO_CONSEQUENCE = "no consequence"

Widths = create_model(
    "Widths",
    __base__=Section,
    __doc__="Width of each class.",
    **{
        name: (Positive, Field(width_px, description=f"a `{name}` fracture"))
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

    size_px: whole(ge=32, multiple_of=32) = Field(512, description="side of a tile, a multiple of 32")
    overlap: Overlap = Field(0.1, description="of training tiles; tiles for evaluation do not overlap")
    validation_fraction: InnerShare = Field(
        VALIDATION_FRACTION, description="share of training tiles kept for validation (the paper's 4:1)"
    )
    min_valid_fraction: Share = Field(
        0.5, description="least share of valid pixels in a tile; 0 keeps all that have any, as the paper's run does"
    )
    quarter_turns: bool = Field(
        True, description="recipe `paper`: training tiles with labels once more, turned by 90, 180 and 270 degrees"
    )


class PaperAugmentation(Section):
    """Augmentation of recipe `paper`."""

    clahe_regions: Count | None = Field(_PAPER["clahe_regions"], description="CLAHE over so many regions a side")
    clahe_clip: Share = Field(_PAPER["clahe_clip"], description="its clip limit")
    noise_sigma: Range | None = Field(_PAPER["noise_sigma"], description="Gaussian noise, of an image in 0..1")
    distortion_scale: Range | None = Field(
        _PAPER["distortion_scale"],
        description="perspective ([what above 1 means](../docs/training.md#the-papers-protocol))",
    )


class SunAlignedAugmentation(Section):
    """Augmentation of recipe `sun_aligned`."""

    swap: bool = Field(_SUN_ALIGNED["swap"], description="up and down, which leaves the Sun on the left")
    turn_deg: number(ge=0, le=90) = Field(_SUN_ALIGNED["turn_deg"], description="most of a small turn to either side")
    scale: PositiveRange = Field(_SUN_ALIGNED["scale"], description="enlargement")
    contrast: PositiveRange = Field(_SUN_ALIGNED["contrast"], description="factor on the contrast")
    brightness: Share = Field(_SUN_ALIGNED["brightness"], description="most that is added or taken away")
    blur_sigma_px: Range | None = Field(_SUN_ALIGNED["blur_sigma_px"], description="Gaussian blur, pixels")
    noise_sigma: Range | None = Field(_SUN_ALIGNED["noise_sigma"], description="Gaussian noise, of an image in 0..1")


class Augmentation(Section):
    """What changes training tiles, by recipe."""

    probability: Share = Field(AUGMENTATION_PROBABILITY, description="each change is drawn independently with it")
    paper: PaperAugmentation = Field(default_factory=PaperAugmentation, description="ranges of recipe `paper`")
    sun_aligned: SunAlignedAugmentation = Field(
        default_factory=SunAlignedAugmentation, description="ranges of recipe `sun_aligned`"
    )


class Training(Section):
    """How networks are trained."""

    epochs: Count = Field(LEARNING["epochs"], description="passes over the training tiles")
    learning_rate: Positive = Field(LEARNING["learning_rate"], description="of Adam")
    schedule: Literal[SCHEDULES] = Field(
        LEARNING["schedule"], description="of the learning rate; `onecycle` has it as its peak"
    )
    positive_weight: Positive = Field(
        LEARNING["positive_weight"], description="weight of fracture pixels in the cross-entropy"
    )
    dice_weight: NotNegative = Field(LEARNING["dice_weight"], description="weight of a Dice term beside it")
    cldice_weight: NotNegative = Field(
        LEARNING["cldice_weight"], description="weight of a term for centrelines (soft clDice)"
    )
    ignore_px: NotNegative = Field(
        LEARNING["ignore_px"], description="half width of a band about the labels' edges that the loss leaves out"
    )
    soft_px: NotNegative = Field(LEARNING["soft_px"], description="over how many pixels labels fade at their edges")
    quarter_turns: bool = Field(
        LEARNING["quarter_turns"],
        description="every tile is first turned by a random number of quarter turns: a Sun-aligned tile forgets where "
        "the Sun is",
    )
    threshold: InnerShare = Field(
        THRESHOLD, description="probability from which on a pixel counts as fracture in the metrics"
    )
    device: Annotated[Literal[DEVICES], NO_CONSEQUENCE] = Field(
        MACHINE["device"], description="`cpu`, `cuda`, or whichever is there"
    )
    devices: Annotated[Count | Literal["auto"], NO_CONSEQUENCE] = Field(
        MACHINE["devices"], description="GPUs to train on together, or `auto` for all"
    )
    precision: Literal[PRECISIONS] = Field(
        MACHINE["precision"], description="`auto` is bfloat16 on a GPU that has it, else float32"
    )
    compile: Annotated[bool, NO_CONSEQUENCE] = Field(
        MACHINE["compile"], description="`torch.compile`: pays in long trainings"
    )
    workers: Annotated[NotNegativeCount, NO_CONSEQUENCE] = Field(
        MACHINE["workers"], description="processes that load tiles"
    )
    threads: Annotated[Count, NO_CONSEQUENCE] = Field(
        MACHINE["threads"], description="cores of inference jobs, and of training jobs for each device"
    )


MODEL_ORIGINS = ("architecture", "checkpoint", "zenodo")


class Model(Section):
    """A model: trained here, or taken from elsewhere."""

    architecture: Literal[ARCHITECTURES] = Field(
        ABSENT,
        description="train here: a network of torchvision (`deeplabv3_...`) or of segmentation-models-pytorch",
    )
    checkpoint: File = Field(
        ABSENT,
        description="file: a checkpoint of this workflow, used as it is, or the state of a torchvision DeepLabV3",
    )
    zenodo: whole() = Field(ABSENT, description="number of a Zenodo record with published weights")
    recipe: Literal[RECIPES] = Field(
        ABSENT, description="that of the tiles; by default the run's, with `zenodo` the paper's"
    )
    resolution_m: Positive = Field(ABSENT, description="train and evaluate on the targets at this resolution (below)")
    batch_size: Count = Field(
        32, description="tiles in a batch; also how many tiles the paper's metrics are taken over at a time"
    )
    input_scaling: Literal[SCALINGS] | None = Field(
        None,
        description="`imagenet` (less torchvision's means, over its deviations) or `unit` (0..1 as it is); by default "
        "`imagenet` for a network trained here, else what its checkpoint says, or `unit` with a warning if that says "
        "nothing, as published weights do",
    )
    split: Literal[SPLITS] = Field(
        "tile", description="by `tile`, as the paper, or by `place`, which lets no ground train and validate"
    )
    encoder: Text = Field(ABSENT, description="its name in segmentation-models-pytorch, for that package's networks")
    decoder_channels: series(Count, least=3) = Field(
        ABSENT, description="of the decoder, for `unet` and `unetplusplus`"
    )
    weights: File | None = Field(
        None, description="to start from: none, `coco` for torchvision's networks, or a checkpoint file"
    )
    encoder_weights: File | None = Field(
        ABSENT,
        description="the encoder's alone: `imagenet` for torchvision's ResNets, or a file "
        "([docs/training.md](../docs/training.md#networks-and-weights))",
    )
    sun_input: bool = Field(False, description="the Sun's direction as two more channels")
    output_stride: Literal[tuple(sorted({stride for each in OUTPUT_STRIDES.values() for stride in each}))] = Field(
        ABSENT, description="of the encoder, if the network's own is not wanted"
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
            raise fault(f"has {' and '.join(given) or 'none'} of {', '.join(MODEL_ORIGINS)}", "give exactly one")
        if given[0] != "architecture":
            for name in type(self).model_fields:
                if name in self.model_fields_set and name not in USED_OF_ANY_MODEL:
                    raise fault(f"{name} does nothing without architecture", "leave it out")
        return self


# Keys of a model that say what it is, what it is used on, and how; only a training reads the others.
USED_OF_ANY_MODEL = (*MODEL_ORIGINS, "recipe", "resolution_m", "batch_size", "input_scaling")


def is_sun_aware(model):
    """Whether a model (an entry of a complete configuration's ``models``) knows where the Sun is.

    Its tiles are turned to the Sun and stay so, or it is given the Sun's direction.
    """
    aligned = model["recipe"] == "sun_aligned" and not model.get("quarter_turns", False)
    return aligned or model.get("sun_input", False)
