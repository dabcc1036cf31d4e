"""Style of diagrams: sizes for print, and colours that people with any colour vision can tell apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..core.files import replacing

# Okabe & Ito (2008), without yellow, which does not show on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
GREY = "#808080"
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1, 1, 1)))
# Width and height in inches: half the width of a journal's page, and a height that suits it.
PANEL_INCHES = (3.6, 2.9)
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 7,
    "legend.handlelength": 2.4,
    # Text in PDF files can be searched and edited.
    "pdf.fonttype": 42,
}


@contextmanager
def saved_figure(
    *paths: str | Path,
    rows: int = 1,
    columns: int = 1,
    panel_inches: tuple[float, float] = PANEL_INCHES,
    **layout: Any,
) -> Iterator[Axes | np.ndarray]:
    """Give the axes of a new figure in this project's style. The figure is written if the block ends well.

    Parameters
    ----------
    *paths : path
        Files to write. The suffix decides the format. Raster files have 200 dots an inch.
    rows, columns : int
        Numbers of panels.
    panel_inches : tuple of float
        Width and height of a panel, on average.
    **layout
        Further arguments of `matplotlib.figure.Figure.subplots`, such as ``height_ratios``.

    Yields
    ------
    matplotlib.axes.Axes or ndarray of them
        As `matplotlib.figure.Figure.subplots` gives.
    """
    with rc_context(_STYLE):
        figure = Figure(figsize=(columns * panel_inches[0], rows * panel_inches[1]), layout="constrained")
        yield figure.subplots(rows, columns, **layout)
        for path in paths:
            # Without the date, the same figure has the same bytes.
            metadata = {"CreationDate": None} if str(path).endswith(".pdf") else None
            with replacing(path) as temporary:
                figure.savefig(temporary, dpi=200, metadata=metadata)
