"""The viewer in a real browser: Chromium (Debian's `chromium`), without a network, from file://."""

import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from PIL import Image
from pyproj import Geod

from imfmap.fractures.accept import read_boundary
from imfmap.maps.vectors import read_vector
from imfmap.products.viewer.build import ViewerText, write_viewer
from tests.helpers.target_factory import target_grid, write_target

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium")

MAP_VIEWS = {
    "equirectangular": target_grid(),
    "mercury": target_grid(lat_deg=40.0, lon_deg=179.999, body_name="mercury", size=(300, 300)),
    "polar_stereographic": target_grid("polar_stereographic", -88.6, 23.5, size=(300, 300)),
    "sinusoidal": target_grid("sinusoidal", 30.0, 10.0, size=(300, 300)),
    "orthographic": target_grid("orthographic", 60.0, -48.0, size=(300, 300)),
}


AXE = Path(__file__).parents[1] / "vendor" / "axe.js"
# Large, medium, and a phone upright.
SIZES = ((1400, 900), (1024, 700), (390, 844))


def build(folder, grid, covering=None, images=False):
    """A target with its viewer, with its images in it if wanted. So many images cover each fracture."""
    target = write_target(folder, grid)
    names = ("fractures", "rejected", "centrelines", "segments")
    layers = {name: read_vector(target / "fractures.gpkg", name) for name in names}
    if covering:
        products = [f"M1{number:09}LE" for number in range(covering)]
        layers["fractures"]["products"] = ",".join(products)
        for name in ("incidences_deg", "sun_azimuths_north_deg"):
            layers["fractures"][name] = ",".join("123.4" for _ in products)
        layers["fractures"]["shadow_shares"] = json.dumps(dict.fromkeys(products, 0.25))
    layers["footprints"] = read_vector(target / "footprints.gpkg")
    layers |= read_boundary(target.boundary, grid.crs)
    text, shown = ViewerText("A floor", "How"), target.images if images else ()
    rasters = target / "mosaic.tif", target / "probability.tif"
    write_viewer(target / "viewer", *rasters, layers, text, shown, density_path=target / "density.tif")
    return target


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    return build(tmp_path_factory.mktemp("viewer") / "floor", MAP_VIEWS["equirectangular"])


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Open a viewer; at the end nothing may have been asked of a network, been missing, or gone wrong."""
    wrong, pages = [], []

    def watch(request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            wrong.append(f"asked for {request.url}")

    def open_page(folder, hash_="", size=(1300, 850)):
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.on("request", watch)
        page.on("requestfailed", lambda request: wrong.append(f"missing {request.url}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
        page.goto(f"{(folder / 'viewer' / 'index.html').as_uri()}{hash_}")
        page.wait_for_function("window.VIEWER && VIEWER.ready()")
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert not wrong


def click_on(page, target, row, column):
    """Click the middle of a pixel of the map."""
    x, y = (float(value) for value in target.grid.xy(row, column))
    page.mouse.click(*page.evaluate("point => VIEWER.map.getPixelFromCoordinate(point)", [x, y]))


def numbers(page):
    page.wait_for_selector("#card:not([hidden])")
    return {cell.get_attribute("data-column"): cell.inner_text() for cell in page.query_selector_all("#card dd")}


def slide(page, name, end, share):
    page.eval_on_selector(
        f"[data-filter={name}] .{end}",
        "(slider, share) => { slider.value = 1000 * share; slider.dispatchEvent(new Event('input')) }",
        share,
    )


def settled(page):
    """The permalink, once the view has come to rest."""
    page.wait_for_timeout(600)
    page.wait_for_function("VIEWER.ready()")
    return page.evaluate("location.hash")


def shown_grey(page, target, row, column):
    """Brightness that the screen shows at a pixel of the map."""
    x, y = (float(value) for value in target.grid.xy(row, column))
    left, top = page.evaluate("point => VIEWER.map.getPixelFromCoordinate(point)", [x, y])
    picture = Image.open(io.BytesIO(page.screenshot())).convert("L")
    return np.array([[picture.getpixel((int(left) + i, int(top) + j)) for i in (-3, 0, 3)] for j in (-3, 0, 3)])


def test_a_click_tells_a_fractures_numbers(visit, target):
    page = visit(target.folder)
    assert page.inner_text("#title") == "A floor"
    assert page.inner_text("#count") == "4 fractures · 0.6\u2009km"
    click_on(page, target, 345, 506)
    assert page.inner_text("#card h2") == "Fracture 2"
    told = numbers(page)
    assert told["length_m"] == "135.0\u2009m" and told["mean_width_m"] == "18.0\u2009m" and told["confidence"] == "0.70"
    said = page.inner_text("#card figure").split()
    assert said == ["Width", "along", "it", "up", "to", "18.0", "m", "0", "101", "m"]
    points = page.get_attribute("#card polyline", "points").split()
    assert len(points) == 2, "the profile has two widths"
    page.keyboard.press("Escape")
    assert page.query_selector("#card[hidden]")
    click_on(page, target, 250, 700)
    page.wait_for_timeout(500)
    assert page.query_selector("#card[hidden]"), "a click beside all fractures"


def test_filters_hide_and_count(visit, target):
    page = visit(target.folder)
    slide(page, "length_m", "low", 0.3)
    # Lengths 300, 135, 90, 45 m on a logarithmic scale: 0.3 of the way from 45 to 300 is 79 m.
    assert page.inner_text("#count").startswith("3 of 4 fractures · 0.5")
    slide(page, "mean_width_m", "high", 0.5)
    # Widths 9, 18, 30, 6 m: half way from 6 to 30 is 13.4 m.
    assert page.inner_text("#count").startswith("1 of 4 fractures · 0.3")
    click_on(page, target, 345, 506)
    page.wait_for_timeout(500)
    assert page.query_selector("#card[hidden]"), "what is filtered away cannot be clicked"
    click_on(page, target, 43, 160)
    assert numbers(page)["length_m"] == "300.0\u2009m"
    page.click("#reset")
    assert page.inner_text("#count") == "4 fractures · 0.6\u2009km"


def test_a_link_brings_the_same_view_back(visit, target):
    page = visit(target.folder)
    page.click("[data-layer=mosaic] input[type=checkbox]")
    page.click("[data-layer=probability] input[type=checkbox]")
    page.eval_on_selector(
        "[data-filter=confidence] .low", "slider => { slider.value = 500; slider.dispatchEvent(new Event('input')) }"
    )
    click_on(page, target, 602, 665)
    page.click("#card .zoom")
    page.wait_for_timeout(600)
    link = settled(page)
    state = "[VIEWER.view.getCenter(), VIEWER.view.getResolution()].flat()"
    before = page.evaluate(state)
    other = visit(target.folder, link)
    assert settled(other) == link
    np.testing.assert_allclose(other.evaluate(state), before, atol=0.1)
    assert other.inner_text("#card h2") == "Fracture 4"
    assert other.inner_text("#count").startswith("2 of 4 fractures")
    visible = "Object.entries(VIEWER.byName).filter(([, layer]) => layer.getVisible()).map(([name]) => name).sort()"
    assert other.evaluate(visible) == ["floor", "fractures", "ponds", "probability"]
    # A link that is pasted into an open page is followed too.
    page.evaluate("location.hash = '#at=-10.4,-165,3&on=mosaic'")
    page.wait_for_function("VIEWER.view.getResolution() === 3")
    assert page.evaluate(visible) == ["mosaic"]


def test_pixels_are_shown_as_they_are(visit, target):
    lon, lat = (float(value) for value in target.grid.lonlat(200, 400))
    page = visit(target.folder, f"#at={lat},{lon},0.1&on=mosaic")
    settled(page)
    with rasterio.open(target / "mosaic.tif") as dataset:
        truth = dataset.read(1)[198:203, 398:403]
    for row, column in np.ndindex(truth.shape):
        seen = shown_grey(page, target, 198 + row, 398 + column)
        assert np.ptp(seen) <= 1, "a pixel has one brightness: nothing is interpolated"
        assert abs(int(seen[1, 1]) - int(truth[row, column])) < 40
    whole = [[shown_grey(page, target, 198 + row, 398 + column)[1, 1] for column in range(5)] for row in range(5)]
    assert np.corrcoef(np.ravel(whole), truth.ravel())[0, 1] > 0.95


@pytest.mark.parametrize("name", MAP_VIEWS)
def test_places_and_distances_are_true(visit, tmp_path, name):
    grid = MAP_VIEWS[name]
    page = visit(build(tmp_path / "t", grid).folder)
    rows, columns = np.array([0.0, 30.0, 200.0]), np.array([5.0, 250.0, 100.0])
    for row, column, lon, lat in zip(rows, columns, *grid.lonlat(rows, columns), strict=True):
        seen_lon, seen_lat = page.evaluate("point => Ground.lonlat(point)", [float(v) for v in grid.xy(row, column)])
        assert seen_lat == pytest.approx(lat, abs=1e-7)
        assert (seen_lon - lon + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
    geod = Geod(a=grid.body.radius_m, b=grid.body.radius_m)
    middle, step = (grid.shape[0] / 2, grid.shape[1] / 2), 50
    (lon1, lon2), (lat1, lat2) = grid.lonlat(np.full(2, middle[0]), middle[1] + np.array([-step, step]))
    per_pixel = geod.inv(lon1, lat1, lon2, lat2)[2] / (2 * step)
    page.evaluate("([x, y]) => VIEWER.view.setCenter([x, y])", [float(v) for v in grid.xy(*middle)])
    page.evaluate(f"VIEWER.view.setResolution({grid.resolution_m})")
    assert float(page.get_attribute("#scale", "data-metres-per-pixel")) == pytest.approx(per_pixel, rel=1e-4)
    east, north = grid.ground_jacobians(*middle)[0]
    turn = np.degrees(np.arctan2(north[0], north[1]))
    seen = page.evaluate("Ground.north(VIEWER.view.getCenter())")
    assert (seen - turn + 180) % 360 - 180 == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("covering", [3, 56])
def test_the_card_is_readable_at_any_size(visit, tmp_path, covering):
    target = build(tmp_path / "t", MAP_VIEWS["equirectangular"], covering)
    for width, height in SIZES:
        page = visit(target.folder, size=(width, height))
        folded = page.evaluate("document.body.classList.contains('folded')")
        assert folded == (width <= 900), "on a small screen the map comes first"
        click_on(page, target, 345, 506)
        page.wait_for_selector("#card:not([hidden])")
        card = page.eval_on_selector("#card", "card => card.getBoundingClientRect().toJSON()")
        assert card["left"] >= 0 and card["right"] <= width and card["bottom"] <= height
        # Each name, value and product id stands on one line, and nothing is cut off at a side.
        heights = "cells => cells.map(cell => cell.clientHeight / parseFloat(getComputedStyle(cell).lineHeight))"
        assert max(page.eval_on_selector_all("#card dt, #card dd, #card td", heights)) < 2
        cut = "parts => parts.filter(part => part.scrollWidth > part.clientWidth).length"
        assert page.eval_on_selector_all("#card, #card .images, #card dt, #card dd", cut) == 0
        cells = page.eval_on_selector_all("#card tbody tr", "rows => rows.map(row => row.innerText)")
        assert len(cells) == covering and cells[0].split() == ["M1000000000LE", "123°", "123°", "25", "%"]


def test_a_fracture_is_found_by_its_number(visit, target):
    page = visit(target.folder, "#at=-10.4,-165,0.5")

    def look_for(number):
        page.fill("#search input", number)
        page.click("#search button")

    look_for("3")
    assert page.inner_text("#card h2") == "Fracture 3"
    page.wait_for_timeout(600)
    extent = page.evaluate("VIEWER.view.calculateExtent(VIEWER.map.getSize())")
    x, y = (float(value) for value in target.grid.xy(430, 130))
    assert extent[0] < x < extent[2] and extent[1] < y < extent[3], "the map goes there"
    for wrong in ("77", "three"):
        look_for(wrong)
        assert page.inner_text("#search output") == "There is none."
    slide(page, "length_m", "low", 0.5)
    look_for("4")
    assert page.inner_text("#search output") == "The filters hide it." and page.inner_text("#card h2") == "Fracture 3"


def test_keys_step_through_the_fractures_that_are_shown(visit, target):
    page = visit(target.folder)
    slide(page, "length_m", "low", 0.3)
    seen = []
    for key in ("n", "n", "n", "n", "p"):
        page.keyboard.press(key)
        seen.append(page.inner_text("#card h2"))
    assert seen == [f"Fracture {number}" for number in (1, 2, 3, 1, 3)], "the fourth is filtered away"
    page.click("#card .step[data-by='1']")
    assert page.inner_text("#card h2") == "Fracture 1"
    page.focus("#search input")
    page.keyboard.press("n")
    assert page.inner_text("#card h2") == "Fracture 1", "a letter in a field is a letter"


def test_what_the_filters_leave_is_saved(visit, target):
    page = visit(target.folder)
    slide(page, "length_m", "low", 0.3)
    numbers_shown = page.eval_on_selector_all("#legend em", "cells => cells.map(cell => Number(cell.innerText))")
    assert sum(numbers_shown) == 3
    with page.expect_download() as saved:
        page.click("#save [data-kind=csv]")
    table = pd.read_csv(saved.value.path())
    assert table.fracture.tolist() == [1, 2, 3] and table.length_m.tolist() == [300.0, 135.0, 90.0]
    assert json.loads(table.shadow_shares[0]) == {"M1500000010LE": 0.25}, "commas and quotes stay in their column"
    with page.expect_download() as saved:
        page.click("#save [data-kind=geojson]")
    saved.value.save_as(target / "saved.geojson")
    ours, whole = read_vector(target / "saved.geojson"), read_vector(target / "fractures.geojson")
    assert ours.crs == whole.crs and ours.fracture.tolist() == [1, 2, 3]
    np.testing.assert_allclose(ours.bounds, whole.iloc[:3].bounds, atol=1e-6)


@pytest.mark.parametrize("name", ["mercury", "polar_stereographic"])
def test_lengths_and_areas_are_those_on_the_sphere(visit, tmp_path, name):
    grid = MAP_VIEWS[name]
    page = visit(build(tmp_path / "t", grid).folder)
    page.click("#measure")
    rows, columns = np.array([60.0, 60.0, 220.0]), np.array([120.0, 280.0, 280.0])
    points = [[float(value) for value in grid.xy(row, column)] for row, column in zip(rows, columns, strict=True)]
    for at, point in enumerate(points):
        pixel = page.evaluate("point => VIEWER.map.getPixelFromCoordinate(point)", point)
        page.mouse.move(*pixel)
        page.mouse.click(*pixel, click_count=1 + (at == 2))
        page.wait_for_timeout(350)
    assert page.query_selector("#card[hidden]"), "no fracture is chosen on the way"
    lon, lat = grid.lonlat(rows, columns)
    geod = Geod(a=grid.body.radius_m, b=grid.body.radius_m)
    length, area = geod.line_length(lon, lat), abs(geod.polygon_area_perimeter(lon, lat)[0])
    assert page.evaluate("points => Measuring.length(points)", points) == pytest.approx(length, rel=1e-6)
    assert page.evaluate("points => Measuring.area(points)", points) == pytest.approx(area, rel=1e-3)
    said = page.inner_text("#measured").replace("\u2009", " ").split()
    assert float(said[0]) == pytest.approx(length, rel=0.02) and float(said[4]) == pytest.approx(area, rel=0.04)
    page.keyboard.press("Escape")
    assert page.get_attribute("#measure", "aria-pressed") == "false" and page.query_selector("#measured[hidden]")


def test_two_images_are_laid_side_by_side_and_in_turn(visit, tmp_path):
    target = build(tmp_path / "t", MAP_VIEWS["equirectangular"], images=True)
    page = visit(target.folder, "#at=-10.4,-165,1.6&on=mosaic")
    words = page.eval_on_selector_all("#left option", "options => options.map(option => option.innerText)")
    assert words == ["Mosaic", "M1500000010LE · Sun 275°, inc. 42°", "M1500000020RE · Sun 95°, inc. 42°"]
    # The second image has no data in its first 100 rows.
    row, columns = 50, (400, 560)

    def lit():
        page.wait_for_timeout(150)
        page.wait_for_function("VIEWER.ready()")
        return [shown_grey(page, target, row, column).mean() > 45 for column in columns]

    page.click("#swipe")
    page.eval_on_selector("#left", "box => { box.value = '1'; box.dispatchEvent(new Event('change')) }")
    page.eval_on_selector("#right", "box => { box.value = '2'; box.dispatchEvent(new Event('change')) }")
    assert lit() == [True, False]
    page.focus("#divider")
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    assert lit() == [True, True] and page.get_attribute("#divider", "aria-valuenow") == "80"
    page.click("#flicker")
    assert page.query_selector("#divider[hidden]")
    assert {bool(lit()[0]) for _ in range(14)} == {True, False}, "now the one, now the other"
    page.keyboard.press("Escape")
    on = "Object.entries(VIEWER.byName).filter(([, layer]) => layer.getVisible()).map(([name]) => name)"
    assert page.evaluate(on) == ["mosaic"]


def colour(page, target, row, column):
    """Red, green and blue that the screen shows at a pixel of the map."""
    x, y = (float(value) for value in target.grid.xy(row, column))
    left, top = page.evaluate("point => VIEWER.map.getPixelFromCoordinate(point)", [x, y])
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB").getpixel((int(left), int(top)))


def test_lines_and_the_density_are_layers(visit, target):
    page = visit(target.folder, "#at=-10.4,-165,1&on=mosaic,fractures")
    for name in ("density", "segments", "centrelines"):
        page.click(f"[data-layer={name}] input[type=checkbox]")
    settled(page)
    marks = page.eval_on_selector_all("[data-layer=density] .bar span", "cells => cells.map(cell => cell.innerText)")
    assert marks == ["0", "2", "4"]
    page.click("[data-layer=mosaic] input[type=checkbox]")
    settled(page)
    # The density grows from the left to the right; its ramp runs from blue to yellow.
    (left, _, left_blue), (right, _, right_blue) = (colour(page, target, 345, column) for column in (320, 640))
    assert left_blue > left and right > right_blue
    click_on(page, target, 345, 506)
    assert page.inner_text("#card h2") == "Segment 1 of fracture 2"
    assert numbers(page)["length_m"] == "135.0\u2009m"
    shown = """name => VIEWER.byName[name].getSource().getFeatures()
        .filter(VIEWER.byName[name].getStyleFunction()).length"""
    slide(page, "length_m", "low", 0.3)
    assert [page.evaluate(shown, name) for name in ("fractures", "segments", "centrelines")] == [3, 3, 3]
    page.keyboard.press("Escape")
    click_on(page, target, 602, 665)
    page.wait_for_timeout(500)
    assert page.query_selector("#card[hidden]"), "the line of a fracture that is filtered away is gone, too"


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.className")


def test_the_tab_key_goes_through_the_fractures(visit, target):
    page = visit(target.folder)
    page.keyboard.press("Tab")
    assert focused(page) == "map"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "the focus is visible"
    page.keyboard.press("Tab")
    assert focused(page) != "map" and page.query_selector("#card[hidden]"), "the map holds nobody"
    page.focus("#map")
    seen = []
    for keys in ("Enter", "Tab", "Tab", "Shift+Tab", "Tab", "Tab"):
        page.keyboard.press(keys)
        seen.append(page.inner_text("#card h2"))
    assert seen == [f"Fracture {number}" for number in (1, 2, 3, 2, 3, 4)] and focused(page) == "map"
    page.keyboard.press("Tab")
    assert focused(page) != "map", "behind the last fracture comes the rest of the page"
    page.focus("#card .step")
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#card h2") == "Fracture 3" and focused(page) == "step"
    page.keyboard.press("Escape")
    assert page.query_selector("#card[hidden]") and focused(page) == "map"
    centre = page.evaluate("VIEWER.view.getCenter()")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("x => VIEWER.view.getCenter()[0] > x + 1", arg=centre[0])


# The panels let the map through a little. White is the worst ground for their light words, and axe can see it.
PLAIN = "body { background: #fff !important } #map { display: none } "
PLAIN += "* { backdrop-filter: none !important; box-shadow: none !important }"
STATES = {
    "as it opens": [],
    "card": ["#search button"],
    "folded": ["#fold"],
    "swipe": ["#swipe"],
    "measuring": ["#measure"],
}


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing(visit, tmp_path, size):
    target = build(tmp_path / "t", MAP_VIEWS["equirectangular"], covering=3, images=True)
    for state, clicks in STATES.items():
        page = visit(target.folder, "#on=mosaic,fractures,density,probability", size)
        page.evaluate("document.querySelector('#search input').value = '2'")
        for place in clicks:
            page.evaluate("place => document.querySelector(place).click()", place)
        page.wait_for_timeout(400)
        page.add_style_tag(content=PLAIN)
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run({ preload: false })")
        assert found["passes"] and not [(part["id"], part["help"]) for part in found["violations"]], state
        undecided = [node for part in found["incomplete"] for node in part["nodes"] if part["id"] == "color-contrast"]
        # Signs such as + are no text. Of all words, axe knows the contrast.
        assert all(check["message"].startswith("Element content") for node in undecided for check in node["any"]), state


@pytest.mark.parametrize("size", SIZES)
def test_what_is_said_and_offered_stays_in_the_window(visit, target, size):
    page = visit(target.folder, size=size)
    inside = """name => {
        const { width, left, right, top, bottom } = document.querySelector(name).getBoundingClientRect();
        return width > 0 && left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight }"""
    page.click("#measure")
    assert page.inner_text("#measured").startswith("Click along") and page.evaluate(inside, "#measured")
    page.mouse.click(size[0] / 2, size[1] / 2)
    for step in (40, 60):
        page.wait_for_timeout(350)
        page.mouse.move(size[0] / 2 + step, size[1] / 2 + step)
    page.wait_for_function("document.querySelector('#measured').innerText.endsWith('\u2009m')")
    assert page.evaluate(inside, "#measured") and page.evaluate(inside, "#scale")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    card = page.eval_on_selector("#card", "card => card.getBoundingClientRect().bottom")
    for button in (".zoom", ".link"):
        assert page.evaluate(inside, f"#card {button}")
        assert page.eval_on_selector(f"#card {button}", "one => one.getBoundingClientRect().bottom") < card


def test_a_thumb_hits_what_it_wants(visit, target):
    page = visit(target.folder, size=SIZES[-1])
    page.click("#fold")
    click_on(page, target, 345, 506)
    sizes = """parts => parts.filter(part => part.offsetHeight).map(part => [part.id || part.className || part.tagName,
        part.getBoundingClientRect().height])"""
    heights = page.eval_on_selector_all("button, #layers li, .track, #search input, #compare select", sizes)
    assert len(heights) > 20 and [part for part in heights if part[1] < 32] == []
