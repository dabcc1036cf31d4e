"""Diagrams of all fractures of a target."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from imfmap.fractures import boundary_distance
from imfmap.fractures.boundary_distance import boundary_distances
from imfmap.fractures.density import density_map
from imfmap.fractures.orientations import directions, rose
from imfmap.fractures.pond_candidates import PondRule, candidate_ponds
from imfmap.maps.ground_plane import GroundPlane, mapped_ground
from imfmap.products.figures.diagrams import density_figure, distance_figure, error_figure, rose_figure
from imfmap.products.figures.parts import drawing, save
from tests.helpers.generated import ODD_TITLES
from tests.helpers.placed_fractures import GRID, PATCH, areas, bars, lines_at, probability, scattered


@pytest.fixture
def coarse(monkeypatch):
    """The mesh of distances coarse enough for a test: 10 m."""
    monkeypatch.setattr(boundary_distance, "_NODES", 300)


@pytest.mark.usefixtures("coarse")
def test_figures_are_drawn_with_and_without_fractures(tmp_path):
    mapped, plane = mapped_ground(probability(tmp_path / "p.tif"), cell_m=25.0), GroundPlane(GRID)
    ponds = candidate_ponds(bars(*PATCH), GRID, PondRule(100.0, 5, 0.0))
    floor = areas((0, 0, 900, 900))
    floor["geometry"] = floor.geometry.buffer(60)
    for name, lines in (("some", scattered(np.random.default_rng(1), 30, 1600, 2300)), ("none", lines_at())):
        boundary = {"floor": floor, "ponds": areas((1000, 1000, 1100, 1100)), "candidates": ponds}
        density = density_map(lines, mapped, plane, 250.0)
        density_figure([tmp_path / f"{name}.png"], density, mapped, lines, boundary, 250.0, "A floor", "small print")
        rose_figure([tmp_path / f"{name}.rose.png"], rose(*directions(lines, GRID)), "A floor")
        distances = boundary_distances(lines, floor, mapped, plane, 19, 1)
        assert (distances is None) == (name == "none")
        distance_figure([tmp_path / f"{name}.d.png"], distances, "A floor")
        for picture in (f"{name}.png", f"{name}.rose.png", f"{name}.d.png"):
            assert np.ptp(np.array(Image.open(tmp_path / picture).convert("L"), int)) > 150
    table = pd.DataFrame(
        [("drawn", "mean_width_m", "m", "tiny", 4, 5.0, 0.1, 0.2)],
        columns=["source", "measure", "unit", "width_class", "n", "true_median", "bias", "spread"],
    )
    counts = {"true": 9, "mapped": 5, "pairs": 2, "merged": 1, "false": 1}
    error_figure([tmp_path / "e.png"], table, counts, "A floor")


def texts_drawn(monkeypatch):
    """Fill a list with what is drawn as a title, and whether it is taken for a formula."""
    drawn = []
    monkeypatch.setattr(Text, "draw", lambda text, renderer: drawn.append((text.get_text(), text.get_parse_math())))
    return drawn


@pytest.mark.parametrize("title", ODD_TITLES[:2])
def test_a_title_is_drawn_as_it_is_written(tmp_path, monkeypatch, title):
    lengths = rose(*directions(lines_at(), GRID))
    rose_figure([tmp_path / "a.png"], lengths, title)
    drawn = texts_drawn(monkeypatch)
    rose_figure([tmp_path / "b.png"], lengths, title)
    assert (title, False) in drawn


@pytest.mark.parametrize("title", ODD_TITLES)
def test_a_title_of_a_map_is_drawn_as_it_is_written(tmp_path, title):
    with drawing():
        figure = Figure(figsize=(2, 1))
        text = figure.text(0.1, 0.5, title)
        save(figure, [tmp_path / "a.png", tmp_path / "a.pdf"], title)
        assert not text.get_parse_math()
