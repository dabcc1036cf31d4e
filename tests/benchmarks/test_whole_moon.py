"""What the whole Moon would take is counted from the tables of the documents."""

import math

import pytest
from whole_moon import DOCS, Moon, costs, measured


def test_the_moon_has_64_million_tiles():
    moon = Moon()
    assert moon.map_px * 1.5**2 == pytest.approx(4 * math.pi * 1737.4**2 * 1e6)
    assert moon.tiles == pytest.approx(6.43e7, rel=0.01)
    assert moon.targets * moon.side_px**2 == pytest.approx(moon.map_px)
    # Each image lies on one target at least, and few lie on more than two.
    assert moon.images < moon.pairs < 2 * moon.images


def test_costs_grow_with_the_images():
    rows, twice = ({what: much for what, much, _ in costs(Moon(images=count))} for count in (2e6, 4e6))
    assert rows["download"] == "528 TB" and rows["runs"] == twice["runs"] and twice["download"] == "1056 TB"
    assert rows["tiles of 512 px, side by side"] == twice["tiles of 512 px, side by side"] == "6.4e+07"
    changed = {what for what in rows if rows[what] != twice[what]}
    assert {"jobs", "pages of searches", "calibration and projection", "projected images"} <= changed
    assert {"surface", "pointing files", "search of the mosaic, on CPUs"}.isdisjoint(changed)


def test_figures_come_from_the_tables(tmp_path):
    for page in ("native_engine.md", "provenance.md", "cluster.md"):
        (tmp_path / page).write_text((DOCS / page).read_text())
    before = dict((what, much) for what, much, _ in costs(Moon(), tmp_path))
    _, _, seconds, *_ = measured(tmp_path, "native_engine.md", "native engine: EDR 5064 x 52224 to map")
    page = tmp_path / "native_engine.md"
    page.write_text(page.read_text().replace(f"| {seconds} |", f"| {2 * seconds} |"))
    after = dict((what, much) for what, much, _ in costs(Moon(), tmp_path))
    assert {what for what in before if before[what] != after[what]} == {"calibration and projection"}
    page.write_text("no table")
    with pytest.raises(SystemExit, match="native_engine.md: has no table row"):
        list(costs(Moon(), tmp_path))
