"""The page of a figure sheet: its size, its margins, and its words."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from ...plots.cartography import FAINT

# Inches.
A4 = (8.27, 11.69)
MARGIN = 0.5
# Letters of a note that fit between the margins, height of its lines in inches, and lines that fit into the head.
_NOTE_LETTERS, _NOTE_LINE, _HEAD_LINES = 165, 0.11, 2
# Letters of the footer that fit between the margins.
FOOTER_LETTERS = 170


@dataclass(frozen=True)
class SheetText:
    """Words on a sheet: the place, what is shown, sentences below the head, and the small print.

    Lines of the small print (see `map_facts.small_print`) have at most `FOOTER_LETTERS` letters.
    """

    title: str
    subtitle: str = ""
    footer: str = ""
    notes: Sequence[str] = ()


def place_on_page(
    left: float, bottom: float, width: float, height: float, page: tuple[float, float] = A4
) -> tuple[float, float, float, float]:
    """Convert a rectangle in inches to fractions of the page, which Matplotlib needs."""
    return left / page[0], bottom / page[1], width / page[0], height / page[1]


def write_words(figure: Figure, text: SheetText, page: tuple[float, float] = A4) -> None:
    """Write title, subtitle, notes and footer of a page. See also `notes_height`."""

    def write(y, words, **style):
        figure.text(MARGIN / page[0], y / page[1], words, va="center", **style)

    write(page[1] - 0.45, text.title, fontsize=19, fontweight="bold")
    write(page[1] - 0.77, text.subtitle, fontsize=9.5, color=FAINT)
    footer = {"va": "bottom", "fontsize": 5.5, "color": FAINT, "linespacing": 1.3}
    figure.text(MARGIN / page[0], 0.16 / page[1], text.footer, **footer)
    notes = "\n".join(_note_lines(text))
    figure.text(MARGIN / page[0], (page[1] - 0.88) / page[1], notes, va="top", fontsize=6.5, linespacing=1.1)


def notes_height(text: SheetText) -> float:
    """Return by how many inches the notes push down what follows the head."""
    return _NOTE_LINE * max(0, len(_note_lines(text)) - _HEAD_LINES)


def _note_lines(text):
    return textwrap.wrap(" ".join(text.notes), _NOTE_LETTERS)
