"""Width classes of fractures: those of the label table of Le Corre et al. (2025)."""

import math

# The paper counts widths in pixels of this size, whatever a map's pixel size.
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
# Full width of a line of each class by default: the middle of the class. The open class begins at 30 px; if it were as
# wide as the class before it, its middle would be 35.
LINE_WIDTH_PX = {"tiny": 2.5, "small": 7.5, "medium": 15, "large": 25, "huge": 35}


def width_class(width_m: float) -> str:
    """Return the class of a width in metres; a width on a bound belongs to the wider class."""
    width_px = width_m / CLASS_PIXEL_M
    return next(name for name, (_, high) in WIDTH_BOUNDS_PX.items() if width_px < high)
