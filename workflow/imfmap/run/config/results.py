"""Sections about results of models: evaluation, comparison, inference, maps and products."""

from collections.abc import Mapping as MappingABC
from typing import Annotated, Any, Literal

from pydantic import Field

from ...core.choices import COMPARISON_TABLES, DEVICES, INFERENCE, PRECISIONS, THRESHOLD, VIEWS
from ...core.limits import MOST_RANDOM_SETS
from ...fractures.limits import MIN_AREA_M2, POND_GAP_M, POND_MIN_FRACTURES, POND_MIN_LENGTH_M
from .fields import (
    ABSENT,
    Count,
    FilePattern,
    InnerShare,
    ModelName,
    NotNegative,
    NotNegativeCount,
    Overlap,
    Positive,
    QuestionName,
    Section,
    TargetName,
    Title,
    number,
    several,
    whole,
)
from .learning import NO_CONSEQUENCE, Training


class Evaluation(Section):
    """What `snakemake evaluation` compares."""

    models: several(ModelName) = Field(
        [],
        description="models that the tables compare, on the targets of role `validation` and `test`; `net-s3` is `net` "
        "trained with seed 3",
    )
    threshold: InnerShare | None = Field(
        None,
        description="least probability of a pixel that counts as fracture; by default the model's own "
        "(`training.threshold` for a trained model, 0.5 for a published state). A change needs no new training",
    )


class Question(Section):
    """A question that a comparison answers."""

    title: Title = Field(description="heading of the tables")
    models: several(ModelName, least=1) = Field(description="keys of `models`; each may have another recipe")
    tables: several(Literal[tuple(COMPARISON_TABLES)], least=1) = Field(
        ["images"],
        description="`images`: every image alone; `maps`: all images of a place, fused or (models of recipe `paper`) "
        "as a mosaic, against one image at each pixel; `sun`: Sun-aware models that are given a wrong direction, "
        "against models that are not Sun-aware",
    )


class Comparison(Section):
    """What `snakemake comparison` compares."""

    questions: dict[QuestionName, Question] = Field({}, description="questions by name (below)")
    seeds: several(NotNegativeCount, least=1) = Field([1], description="seeds; each model is trained with each of them")
    sun_offsets_deg: several(whole(ge=-180, le=180)) = Field(
        [], description="errors of the Sun's direction in the table `sun`, degrees"
    )


class Inference(Section):
    """How images and mosaics are searched."""

    model: Annotated[ModelName, NO_CONSEQUENCE] = Field(
        ABSENT, description="key of `models`: the model that makes maps; by default the first of the run's recipe"
    )
    overlap: Overlap = Field(0.25, description="overlap of the windows; the paper's is 0")
    batch_size: Annotated[Count, NO_CONSEQUENCE] = Field(
        INFERENCE["batch_size"], description="number of windows at a time"
    )
    test_time_augmentation: several(Literal[VIEWS]) = Field(
        [],
        description="average the result of each window with those of other views of it, which is slower and a little "
        "better. `flips`: the mirrored window (recipe `paper`: all three mirrors). `rotations`: quarter turns (only "
        "recipe `paper`: tiles of recipe `sun_aligned` have the Sun on the left)",
    )
    precision: Literal[PRECISIONS] = Field(INFERENCE["precision"], description="as in `training`")
    calibrated: bool = Field(
        INFERENCE["calibrated"],
        description="apply the calibration that the model's checkpoint holds, if it holds one "
        "([docs/completeness.md](../docs/completeness.md))",
    )
    sun_offset_deg: number(ge=-180, le=180) = Field(
        INFERENCE["sun_offset_deg"], description="error added to the Sun's direction, to test its effect, degrees"
    )
    device: Annotated[Literal[DEVICES], NO_CONSEQUENCE] = Field(INFERENCE["device"], description="as in `training`")


class Coarse(Section):
    """The same targets at a coarser resolution."""

    resolution_m: Positive = Field(6, description="pixel size, metres")
    model: ModelName = Field(ABSENT, description="key of `models` with the same `resolution_m`; by default none")


class Reproduction(Section):
    """Published maps that ours are laid beside."""

    record: Count = Field(description="number of the Zenodo record that holds the published detections")
    files: Annotated[dict[TargetName, FilePattern], Field(min_length=1)] = Field(
        description="for each target the pattern of its file's name in the record, such as `*crookes*.shp`"
    )


class Mapping(Section):
    """How probabilities become fractures."""

    threshold: InnerShare | None = Field(
        None,
        description="least probability of a fracture pixel; by default the one that a calibrated model brings with it "
        f"([docs/completeness.md](../docs/completeness.md)), else {THRESHOLD}. A lower one "
        "([0.3](../docs/learning.md#the-threshold-of-a-map)) finds more fractures and more false ones",
    )
    hysteresis: InnerShare | None = Field(
        None, description="least probability of pixels that a fracture may extend to; by default none"
    )
    min_area_m2: NotNegative = Field(MIN_AREA_M2, description="smaller detections are rejected, m2")
    seams: bool = Field(True, description="reject detections along seams of the mosaic (recipe `paper`)")
    floor: bool = Field(True, description="reject detections outside floor and ponds, if the target has a `boundary`")
    density_radius_m: Positive = Field(250, description="radius of the circle of the density map, metres on the ground")
    random_sets: whole(ge=19, le=MOST_RANDOM_SETS) = Field(
        999, description="number of random sets that distances to the wall are compared with"
    )
    pond_gap_m: Positive = Field(
        POND_GAP_M, description="fractures outside floor and ponds are one cluster if they are this close, metres"
    )
    pond_min_fractures: whole(ge=2) = Field(
        POND_MIN_FRACTURES, description="least number of fractures of a cluster that is a candidate melt pond"
    )
    pond_min_length_m: NotNegative = Field(
        POND_MIN_LENGTH_M, description="least total length of these fractures, metres"
    )


class Products(Section):
    """Products of a target besides its map and fractures."""

    sheets: bool = Field(
        True, description="[figure sheets](../docs/figures.md): `overview` and `rejected` (`.png`, `.pdf`)"
    )
    qgis: bool = Field(True, description="`map.qgz`, a QGIS project of the target")
    viewer: bool = Field(True, description="`viewer/index.html`, the map for any browser")
    viewer_images: bool = Field(True, description="show every projected image as a layer of the viewer")
    stac: bool = Field(True, description="`stac/`, a STAC collection of the target, and the run's `catalog.json`")


_NO_CONSEQUENCE = frozenset(
    name
    for section in (Training, Inference)
    for name, field in section.model_fields.items()
    if NO_CONSEQUENCE in field.metadata
)


def deciding(section: MappingABC[str, Any]) -> dict[str, Any]:
    """Return the settings of ``training`` or ``inference`` that change a result.

    If one of them changes, the result is made again. The other settings change nothing in it, and scripts read them
    from the current configuration.
    """
    return {key: value for key, value in section.items() if key not in _NO_CONSEQUENCE}
