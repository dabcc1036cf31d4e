"""Sections about what is made with models: evaluation, comparison, inference, maps and products."""

from typing import Annotated, Literal

from pydantic import Field

from ...core.choices import COMPARISON_TABLES, DEVICES, INFERENCE, PRECISIONS, THRESHOLD, VIEWS
from ...fractures.limits import MIN_AREA_M2, POND_GAP_M, POND_MIN_FRACTURES, POND_MIN_LENGTH_M
from .fields import (
    ABSENT,
    Count,
    InnerShare,
    NotNegative,
    NotNegativeCount,
    Overlap,
    Positive,
    QuestionName,
    Section,
    Text,
    number,
    several,
    whole,
)
from .learning import NO_CONSEQUENCE, Training


class Evaluation(Section):
    """What `snakemake evaluation` compares."""

    models: several(Text) = Field(
        [],
        description="those (of a seed, `net-s3`, or of the run's) that the tables compare, on the targets of role "
        "`validation` and `test`",
    )
    threshold: InnerShare | None = Field(
        None,
        description="probability from which on a pixel counts as fracture there; by default the model's own "
        "(`training.threshold` of a model that was trained here, 0.5 of a published state); another one needs no "
        "training",
    )


class Question(Section):
    """A question of a comparison."""

    title: Text = Field(description="what the tables are headed with")
    models: several(Text, least=1) = Field(description="keys of `models`; each may have another recipe")
    tables: several(Literal[tuple(COMPARISON_TABLES)], least=1) = Field(
        ["images"],
        description="`images`: every image alone; `maps`: all images of a place, fused and, with models of recipe "
        "`paper`, as a mosaic, beside one image at each pixel; `sun`: models told of the Sun, told wrong, beside those "
        "that are not told",
    )


class Comparison(Section):
    """What `snakemake comparison` lays side by side."""

    questions: dict[QuestionName, Question] = Field({}, description="names of questions, and what each asks (below)")
    seeds: several(NotNegativeCount, least=1) = Field([1], description="each model is trained with each of them")
    sun_offsets_deg: several(whole(ge=-180, le=180)) = Field(
        [], description="errors of the Sun's direction in the table `sun`; 0 is none"
    )


class Inference(Section):
    """How images and mosaics are searched."""

    model: Annotated[Text, NO_CONSEQUENCE] = Field(
        ABSENT, description="key of `models` that maps are made with; by default the first of the run's recipe"
    )
    overlap: Overlap = Field(0.25, description="of the windows; 0 as the paper")
    batch_size: Annotated[Count, NO_CONSEQUENCE] = Field(INFERENCE["batch_size"], description="windows at a time")
    test_time_augmentation: several(Literal[VIEWS]) = Field(
        [],
        description="views that are averaged with the window itself, slower and a little better. `flips`: the mirrored "
        "window (recipe `paper`: all three mirrors). `rotations`: quarter turns, too (recipe `paper` only: tiles of "
        "recipe `sun_aligned` have the Sun on the left)",
    )
    precision: Literal[PRECISIONS] = Field(INFERENCE["precision"], description="as in training")
    sun_offset_deg: number(ge=-180, le=180) = Field(
        INFERENCE["sun_offset_deg"], description="an error of the Sun's direction, to see what it costs"
    )
    device: Annotated[Literal[DEVICES], NO_CONSEQUENCE] = Field(INFERENCE["device"], description="as in training")


class Coarse(Section):
    """The same targets through coarser pixels."""

    resolution_m: Positive = Field(6, description="pixel size, metres")
    model: Text = Field(ABSENT, description="key of `models` with the same `resolution_m`; by default none")


class Mapping(Section):
    """How a probability becomes fractures."""

    threshold: InnerShare = Field(
        THRESHOLD,
        description="probability that makes a fracture; [0.3](../docs/learning.md#the-threshold-of-a-map) finds more, "
        "and more that is none",
    )
    hysteresis: InnerShare | None = Field(None, description="a lower probability that its pixels may go on with")
    min_area_m2: NotNegative = Field(MIN_AREA_M2, description="smaller ones are rejected")
    seams: bool = Field(True, description="reject detections along seams of the mosaic (recipe `paper`)")
    floor: bool = Field(True, description="reject detections outside floor and ponds, where `boundary` maps them")
    density_radius_m: Positive = Field(250, description="circle of the density map, metres on the ground")
    random_sets: whole(ge=19) = Field(999, description="random sets that distances to the wall are compared with")
    pond_gap_m: Positive = Field(
        POND_GAP_M, description="fractures outside floor and ponds, this close to each other, are one cluster"
    )
    pond_min_fractures: whole(ge=2) = Field(
        POND_MIN_FRACTURES, description="a cluster of so many is a candidate melt pond"
    )
    pond_min_length_m: NotNegative = Field(POND_MIN_LENGTH_M, description="if they have this total length, too")


class Products(Section):
    """What a target is delivered as beside its map and fractures."""

    sheets: bool = Field(
        True, description="`overview` and `rejected` (`.png`, `.pdf`), [figure sheets](../docs/figures.md)"
    )
    qgis: bool = Field(True, description="`map.qgz`, a QGIS project of the target")
    viewer: bool = Field(True, description="`viewer/index.html`, the map for any browser")
    viewer_images: bool = Field(False, description="every projected image as a layer of the viewer too")
    stac: bool = Field(True, description="`stac/`, a STAC collection of the target, and `catalog.json` of the run")


_NO_CONSEQUENCE = frozenset(
    name
    for section in (Training, Inference)
    for name, field in section.model_fields.items()
    if NO_CONSEQUENCE in field.metadata
)


def deciding(section):
    """Settings of ``training`` or ``inference`` that decide what is made: when another one changes, nothing is remade.

    Scripts take the others from the configuration of the day.
    """
    return {key: value for key, value in section.items() if key not in _NO_CONSEQUENCE}
