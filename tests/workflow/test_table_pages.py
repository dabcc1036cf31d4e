"""Pages of tables in a real browser: they fit the window."""

import os
import shutil

import pandas as pd
import pytest

from imfmap.learning.evaluation_tables import write_table_pages

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")
def test_the_widest_table_fits_the_window(tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    # The columns of the evaluation by target, and the long words of the comparison with the published map.
    names = ["model", "set", "target", "tiles with", "tiles without", "P", "R", "F1", "IoU"]
    names += ["truth P", "truth R", "truth F1", "truth IoU", "ridge px hit", "boulder px hit"]
    wide = pd.DataFrame([["small_unet", "Va2", "validation_a", "54", "10", *["77.4"] * 10]], columns=names)
    words = ["Schomberger A", "mean area of the fractures in the ponds, m2", "1854 +- 4015 (33 % of what either has)"]
    long = pd.DataFrame([words * 2], columns=[f"column {number}" for number in range(6)])
    write_table_pages([("Wide", wide), ("Long", long)], tmp_path / "t.md", tmp_path / "t.html", "Tables")
    with sync_api.sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        page = browser.new_page(viewport={"width": 1000, "height": 700})
        page.goto((tmp_path / "t.html").as_uri())
        hidden = "parts => parts.map(part => part.scrollWidth - part.clientWidth)"
        assert page.eval_on_selector_all("section", hidden) == [0, 0]
        browser.close()
