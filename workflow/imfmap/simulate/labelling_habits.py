"""Labelling habits of the person who labels a simulated scene."""

from dataclasses import dataclass, fields
from typing import Any, Self

from .dataclass_settings import dataclass_from_mapping, require


@dataclass(frozen=True)
class LabellingHabits:
    """Habits of a person who draws fractures as lines with a width class.

    Attributes
    ----------
    missed_share : float
        Share of the fractures that are not drawn; narrow ones are missed more often than wide ones.
    jitter_m : float
        Standard deviation of a vertex's distance from the true centreline.
    vertex_spacing_m : float
        Mean distance between the clicks of a line.
    cut_share : float
        Mean share of a fracture's length left undrawn at its two ends together.
    wrong_class_share : float
        Share of the lines given a width class one too narrow or one too wide.
    false_share : float
        Lines drawn on ridges or trails by mistake, as a share of the fractures.
    polygon_share : float
        Share of the fractures drawn as polygons instead of lines.
    """

    missed_share: float = 0.10
    jitter_m: float = 1.5
    vertex_spacing_m: float = 22.0
    cut_share: float = 0.08
    wrong_class_share: float = 0.08
    false_share: float = 0.01
    polygon_share: float = 0.05

    @classmethod
    def from_mapping(cls, mapping: dict[str, Any], where: str = "simulate.labels") -> Self:
        """Return the habits of a mapping of the config.

        Raises
        ------
        InputError
            If a key is unknown or a value is out of range.
        """
        habits = dataclass_from_mapping(cls, mapping, where)
        for item in fields(cls):
            value = getattr(habits, item.name)
            high = 1.0 if item.name.endswith("_share") else 1000.0
            require(0.0 <= value <= high, f"{where}.{item.name}", f"{value} is out of range", f"use 0..{high:g}")
        require(habits.vertex_spacing_m > 0, f"{where}.vertex_spacing_m", "must be above 0", "use 10..40")
        return habits
