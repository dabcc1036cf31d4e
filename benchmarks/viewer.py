"""Size and speed of the viewer of many fractures, compared with another commit: `python benchmarks/viewer.py`.

A pattern of fractures is drawn and measured as the rules do it (`mapping_cases.py`), and laid side by side until there
are enough of them, each seen in eight images. Debian's Chromium opens the viewer without a GPU, as it opens by itself
and with all lines on, and then a filter is moved. With `--against FOLDER`, a checkout of the other commit
(`git worktree add FOLDER COMMIT`), its viewer is made of the same layers, and the two are opened by turns. The result
is Markdown. The seconds of the processor, of all of Chromium's processes, are what other work on the machine changes
least. So ratios are theirs. It needs the packages of `make setup`, and Chromium (`apt-get install chromium`). The
layers are made once, in the folder.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
PATTERN_PX, PATTERN_FRACTURES = 2048, 150
IMAGES = 8
LAYERS = ("fractures", "centrelines", "segments")
WINDOW = {"width": 1400, "height": 900}
LINKS = {"opened": "", "opened with centrelines and segments": "#on=mosaic,fractures,centrelines,segments"}
FILTER = "then a filter is moved"
LONGEST_MS = 600_000


def write_inputs(folder: Path, number: int) -> None:
    """Write the layers of so many fractures, and a mosaic and a probability with data in one corner."""
    import mapping_cases

    from imfmap.maps.rasters import create_raster
    from imfmap.maps.vectors import read_vector, write_vector

    options = {"folder": str(folder / "pattern"), "size": PATTERN_PX, "fractures": PATTERN_FRACTURES}
    mapping_cases.write_fracture_probability(options)
    mapping_cases.vectorise(options)
    pattern = {name: read_vector(folder / "pattern" / "fractures.gpkg", name) for name in LAYERS}
    copies = -(-number // len(pattern["fractures"]))
    side = int(np.ceil(copies**0.5))
    grid = mapping_cases.square((PATTERN_PX * side, PATTERN_PX * side))
    corner = np.random.default_rng(mapping_cases.SEED).integers(60, 200, (PATTERN_PX, PATTERN_PX), np.uint8)
    for name, nodata in (("mosaic", 0), ("probability", 255)):
        with create_raster(folder / f"{name}.tif", grid, "uint8", nodata=nodata, overviews=False) as dataset:
            dataset.write(corner, 1, window=mapping_cases.Window(0, 0, PATTERN_PX, PATTERN_PX))
    write_vector(folder / "fractures.gpkg", repeated(pattern, number, copies, side))


def repeated(pattern: dict[str, Any], number: int, copies: int, side: int) -> dict[str, Any]:
    """Return the layers of a pattern, copied side by side and numbered through, up to a number of fractures."""
    import geopandas
    import mapping_cases
    import pandas as pd
    import shapely

    step, most = PATTERN_PX * mapping_cases.RESOLUTION_M, pattern["fractures"]["fracture"].max()
    layers = {}
    for name, frame in pattern.items():
        parts = []
        for copy in range(copies):
            move = np.array([copy % side, -(copy // side)]) * step
            geometry = shapely.transform(frame.geometry.values, lambda points, move=move: points + move)
            moved = geopandas.GeoSeries(geometry, index=frame.index, crs=frame.crs)
            parts.append(frame.set_geometry(moved).assign(fracture=frame["fracture"] + copy * most))
        layers[name] = pd.concat(parts, ignore_index=True)
    layers["fractures"] = layers["fractures"].iloc[:number].assign(**seen_in_images(number))
    kept = layers["fractures"]["fracture"]
    return {name: frame[frame["fracture"].isin(kept)] for name, frame in layers.items()}


def seen_in_images(number: int) -> dict[str, list[str]]:
    """Return the columns of fractures that tell of images: each fracture is in all, and rests on some of them."""
    rng = np.random.default_rng(1)
    products = [f"M1500{image:05}LE" for image in range(IMAGES)]
    columns = {"products": [], "incidences_deg": [], "sun_azimuths_north_deg": [], "shadow_shares": []}
    for _ in range(number):
        rests = rng.choice(IMAGES, rng.integers(1, IMAGES + 1), replace=False)
        columns["products"].append(",".join(products[image] for image in rests))
        columns["incidences_deg"].append(",".join(f"{40 + 4.1 * image:.1f}" for image in rests))
        columns["sun_azimuths_north_deg"].append(",".join(f"{30 + 40.3 * image:.1f}" for image in rests))
        shares = rng.uniform(0, 1, IMAGES).round(2)
        columns["shadow_shares"].append(json.dumps(dict(zip(products, shares.tolist(), strict=True))))
    return columns


def build(folder: Path, viewer: Path) -> None:
    """Write the viewer with the library that this process imports."""
    from imfmap.maps.vectors import read_vector
    from imfmap.products.viewer.build import ViewerText, write_viewer

    layers = {name: read_vector(folder / "fractures.gpkg", name) for name in LAYERS}
    write_viewer(viewer, folder / "mosaic.tif", folder / "probability.tif", layers, ViewerText("Many fractures"))


def watched(browser: Any, work: Callable[[], Any]) -> dict[str, float]:
    """Return the seconds that a work in the browser takes, on the clock and of the processor."""
    session = browser.new_browser_cdp_session()

    def used():
        return sum(process["cpuTime"] for process in session.send("SystemInfo.getProcessInfo")["processInfo"])

    before, started = used(), time.perf_counter()
    work()
    return {"wall_s": time.perf_counter() - started, "cpu_s": used() - before}


def visit(browser: Any, viewer: Path) -> dict[str, dict[str, float]]:
    """Open a viewer in each way, and move a filter; return the seconds of each case."""
    found = {}
    for name, link in LINKS.items():
        page = browser.new_page(viewport=WINDOW)
        page.set_default_timeout(LONGEST_MS)
        drawn = "window.VIEWER && VIEWER.ready()"

        def opened(page=page, link=link, drawn=drawn):
            page.goto(f"{(viewer / 'index.html').as_uri()}{link}")
            page.wait_for_function(drawn)

        def filtered(page=page):
            page.evaluate("""() => {
                const slider = document.querySelector("[data-filter=length_m] .low");
                slider.value = 200;
                slider.dispatchEvent(new Event("input"));
                VIEWER.map.renderSync();
            }""")

        found[name] = watched(browser, opened)
        if not link:
            found[FILTER] = watched(browser, filtered)
        page.close()
    return found


def measure(
    folder: Path, checkouts: dict[str, Path], number: int, rounds: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the size of each checkout's data file in MB, and its seconds in each round by case."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("There is no Chromium: apt-get install chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    if not (folder / "fractures.gpkg").exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_inputs(folder, number)
    for checkout, path in checkouts.items():
        environment = {**os.environ, "PYTHONPATH": str(path / "workflow")}
        command = [sys.executable, __file__, "--build", str(folder), str(folder / checkout)]
        subprocess.run(command, env=environment, check=True)
    sizes = {checkout: (folder / checkout / "data.js").stat().st_size / 1e6 for checkout in checkouts}
    found = {checkout: [] for checkout in checkouts}
    with sync_playwright() as playwright:
        for _ in range(rounds):
            for checkout in checkouts:
                browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
                found[checkout].append(visit(browser, folder / checkout))
                browser.close()
    return sizes, found


def report(sizes: dict[str, float], found: dict[str, Any]) -> str:
    """Return the table in Markdown; of several rounds, the one with the fewest seconds of the processor counts."""
    lines = [f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}. The data file has {sizes['this']:.1f} MB"]
    lines[0] += f", before {sizes['other']:.1f} MB." if "other" in sizes else "."
    lines += ["", "| case | s | CPU s | before | ratio |", "| --- | --- | --- | --- | --- |"]
    for case in found["this"][0]:
        best = {
            name: min((one[case] for one in rounds), key=lambda one: one["cpu_s"]) for name, rounds in found.items()
        }
        cells = [case, f"{best['this']['wall_s']:.1f}", f"{best['this']['cpu_s']:.1f}", "", ""]
        if "other" in best:
            cells[3:] = [f"{best['other']['cpu_s']:.1f}", f"{best['other']['cpu_s'] / best['this']['cpu_s']:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description="Size and speed of the viewer of many fractures.")
    parser.add_argument("--against", type=Path, help="checkout of the other commit")
    parser.add_argument("--fractures", type=int, default=20_000, help="number of fractures")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, default=HERE.parent / "results" / "bench_viewer", help="folder of the files"
    )
    parser.add_argument("--build", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.build:
        build(*given.build)
        return
    sys.path.insert(0, str(HERE.parent / "workflow"))
    checkouts = {"this": HERE.parent}
    if given.against:
        checkouts["other"] = given.against.resolve()
    folder = given.folder.resolve() / str(given.fractures)
    print(report(*measure(folder, checkouts, given.fractures, given.rounds)))


if __name__ == "__main__":
    main()
