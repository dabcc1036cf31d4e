"""Colours of fractures by their width: those of the QGIS style, in every figure."""

from functools import cache

import numpy as np

from ...maps import qml_styles


@cache
def _classes():
    """Return the lower bounds in metres (N,), the colours (N, 4), and the colour and width (mm) of the casing."""
    classes = qml_styles.vector_style("fractures").classes
    colours = np.array([part.outline for part in classes]) / 255.0
    casing, casing_mm = classes[0].casing
    return np.array([part.lower for part in classes]), colours, np.array(casing) / 255.0, casing_mm


def class_of(widths_m: np.ndarray) -> np.ndarray:
    """Return the number of the width class of each width (N,), from 0."""
    return np.clip(np.searchsorted(_classes()[0], np.asarray(widths_m, float), side="right") - 1, 0, None)


def class_bounds_m() -> np.ndarray:
    """Return the lower bounds of the classes (N,), metres."""
    return _classes()[0].copy()


def class_colours() -> np.ndarray:
    """Return the colour of each class (N, 4), RGBA 0..1: light, to lie inside the dark `casing_colour`."""
    return _classes()[1].copy()


def casing_colour() -> np.ndarray:
    """Return the dark colour (4,) around each fracture: on bright ground it shows where the light colour does not."""
    return _classes()[2].copy()


def width_colours(widths_m: np.ndarray) -> np.ndarray:
    """Return the colours (N, 4) of fractures with these mean widths."""
    return class_colours()[class_of(widths_m)]
