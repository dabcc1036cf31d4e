"""Figure sheets: places that the fractures choose, Suns that the images had, pages that can be printed."""

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from imfmap.fractures.orientations import rose
from imfmap.products.figures.sheets import overview_sheet, rejected_sheet
from imfmap.products.figures.sun_arrows import sun_azimuths


@pytest.mark.parametrize("name", ["overview", "rejected"])
def test_sheets_are_as_wide_as_a4(drawn, name):
    with Image.open(drawn[0] / f"{name}.png") as picture:
        width, height = (size / picture.info["dpi"][0] for size in picture.size)
    assert width == pytest.approx(8.27, abs=0.02) and height <= 11.7
    assert (drawn[0] / f"{name}.pdf").read_bytes().startswith(b"%PDF")


def test_the_same_sheet_has_the_same_bytes(drawn):
    target, _, rejected, paths, text = drawn
    again = [target / "again.png", target / "again.pdf"]
    rejected_sheet(again, *paths, rejected, text, sun_azimuths(target.images, target / "mosaic.tif"))
    for suffix in (".png", ".pdf"):
        assert (target / f"again{suffix}").read_bytes() == (target / f"rejected{suffix}").read_bytes()


def test_a_sheet_says_what_it_shows(drawn):
    target, fractures, rejected, _, _ = drawn
    said = PdfReader(target / "overview.pdf").pages[0].extract_text()
    for words in ("Crookes", "Densest complex", "Largest fracture", "melt ponds", "small print"):
        assert words in said, words
    assert f"{len(fractures)}" in said
    assert "A first sentence. And a second one." in said
    said = PdfReader(target / "rejected.pdf").pages[0].extract_text()
    assert "Small" in said and f"{len(rejected)} detection" in said
    assert "No detections were rejected as seam or outside" in said, "there are no empty headings"
    assert f"no. {rejected.fracture.iloc[0]}," in said
    assert PdfReader(target / "rejected.pdf").metadata.title == "Crookes"


def test_nothing_found_and_nothing_rejected(drawn, tmp_path):
    _, fractures, rejected, paths, text = drawn
    overview_sheet([tmp_path / "none.png"], *paths, fractures.iloc[:0], text, rose(np.zeros(0), np.zeros(0)))
    rejected_sheet([tmp_path / "kept.png"], *paths, rejected.iloc[:0], text)
    for name in ("none", "kept"):
        assert Image.open(tmp_path / f"{name}.png").size[0] > 1500
