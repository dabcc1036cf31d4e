"""Width classes of fractures: those of the label table of Le Corre et al. (2025)."""

import math

# The paper counts widths in pixels of this size, whatever a map's.
CLASS_PIXEL_M = 1.5
WIDTH_BOUNDS_PX = {
    "tiny": (0.0, 5.0),
    "small": (5.0, 10.0),
    "medium": (10.0, 20.0),
    "large": (20.0, 30.0),
    "huge": (30.0, math.inf),
}
WIDTH_CLASSES = tuple(WIDTH_BOUNDS_PX)
WIDTH_BOUNDS_M = {name: (low * CLASS_PIXEL_M, high * CLASS_PIXEL_M) for name, (low, high) in WIDTH_BOUNDS_PX.items()}
# Full width that a line of a class is drawn with, where the config says no other: the middle of its class. The open
# class is taken for as wide as the one before it.
_LARGE_PX = WIDTH_BOUNDS_PX["large"][1] - WIDTH_BOUNDS_PX["large"][0]
LINE_WIDTH_PX = {name: (low + min(high, low + _LARGE_PX)) / 2 for name, (low, high) in WIDTH_BOUNDS_PX.items()}


def width_class(width_m):
    """Name of the class of a width in metres; a width on a bound belongs to the wider class."""
    width_px = width_m / CLASS_PIXEL_M
    return next(name for name, (_, high) in WIDTH_BOUNDS_PX.items() if width_px < high)
