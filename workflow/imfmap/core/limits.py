"""The largest work that this workflow begins. More is refused before it costs time, with its number and the limit.

Below these limits, time and memory grow with what is asked, at most by the factor of a logarithm faster.
`benchmarks/bounds.py` measures the growth.
"""

from pathlib import Path

from .errors import InputError

# Pixels of a target's map, or of a finished mosaic that keeps its own pixels: 316228 x 316228.
MOST_MAP_PIXELS = 100_000_000_000
# Pixels of any raster that is read: the whole Moon at 5 m has 2.4 times as many.
MOST_RASTER_PIXELS = 1_000_000_000_000
# The longer side of a map, divided by the shorter one. A figure of a longer strip would have too many pixels.
MOST_ASPECT = 100
# Images of a target, listed or found by a search. (The mosaic numbers its images with 16 bits.)
MOST_IMAGES = 20_000
# Images that a search may choose.
MOST_CHOSEN = 1_000
# Images whose brightness is matched: every pair of them is compared.
MOST_MATCHED = 500
# Groups of pixels of a map that touch by edges, and corners of their outlines.
MOST_PARTS = 1_000_000
MOST_CORNERS = 50_000_000
# Pixels of the windows around all detections of a map: each detection is measured in its own.
MOST_MEASURED_PIXELS = 100_000_000_000
# Cells of the mesh on which the density of fractures is computed.
MOST_DENSITY_CELLS = 100_000_000
# Random sets of fractures that the map is compared with.
MOST_RANDOM_SETS = 100_000
# Pixels of the boxes around all labels of a map: each label is drawn by itself.
MOST_LABEL_PIXELS = 1_000_000_000_000


def check_limit(count: float, limit: int, where: str | Path, what: str, remedy: str) -> None:
    """Refuse a number that is above its limit.

    Parameters
    ----------
    count : float
        The number.
    limit : int
        One of this module's.
    where : str or Path
        File or key, for the message.
    what : str
        What is counted, such as "detections".
    remedy : str
        What the user can do.

    Raises
    ------
    InputError
        With the number and the limit.
    """
    if not count <= limit:
        number = f"{count:,.0f}" if count < 1e15 else f"{count:.3g}"
        raise InputError(where, f"{number} {what}, and the limit is {limit:,}", remedy)
