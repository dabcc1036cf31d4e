"""The workflow's own acquisition, from a search to EDRs on disk, against servers on loopback."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from imfmap.core.checksums import FOLDER_SUMS
from imfmap.nac.edr import write_edr
from imfmap.run.left_out import read_mark
from tests.helpers.catalogues import swath
from tests.helpers.nac_samples import fields
from tests.helpers.servers import Trouble, ode_product, serving, settings_for

from .conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow
ARCHIVE = "/data/LRO-L-LROC-2-EDR-V1.0/LROLRC_0001/DATA/SCI/2010001/NAC"
SIDES = {"M100000001LE": 339.91, "M100000002RE": 340.09, "M100000003LE": 340.0}


@pytest.fixture(scope="module")
def edrs(tmp_path_factory):
    """dict of str: bytes: small EDRs by product."""
    folder = tmp_path_factory.mktemp("edrs")
    made = {}
    for number, name in enumerate(SIDES):
        codes = np.random.default_rng(number).integers(0, 200, (40, 5064), np.uint8)
        write_edr(folder / "x.IMG", codes, fields("left" if "L" in name else "right", PRODUCT_ID=name))
        made[name] = (folder / "x.IMG").read_bytes()
    return made


@pytest.fixture
def archive(edrs):
    with serving() as server:
        for name, content in edrs.items():
            server.files[f"{ARCHIVE}/{name}.IMG"] = content
        yield server


def product(server, name, lon=None):
    ring = swath(SIDES[name] if lon is None else lon, 10.0, 0.0, 6000.0, 13000.0)
    return ode_product(name, ring, url=f"{server.url}{ARCHIVE}/{name}.IMG")


@pytest.fixture
def run(archive, tmp_path):
    """Run the workflow over a searched target: run(goals..., **changes of its section acquisition)."""

    def go(*goals, target=None, check=True, processing=None, **changes):
        acquisition = settings_for(archive, **changes)
        place = {"lat": 10.0, "lon": -20.0, "diameter_km": 10.0}
        config = {
            "run": {"name": "r"},
            "acquisition": acquisition,
            "processing": processing or {},
            "targets": {"spot": {**place, **(target or {"search": {}})}},
        }
        return run_snakemake(tmp_path, write_config(tmp_path / "c.yaml", config), *goals, check=check)

    return go


def downloaded(folder):
    return sorted(path.stem for path in (folder / "results" / "r" / "spot" / "edr").glob("*.IMG"))


def wanted(*names):
    return [f"results/r/spot/edr/{name}.IMG" for name in names]


def test_a_search_its_choice_and_its_downloads(archive, run, tmp_path, edrs):
    archive.products = [product(archive, name) for name in SIDES]
    text = run("-n", "results/r/spot/mosaic.tif")
    assert not archive.requests and not (tmp_path / "results").exists()
    assert "search" in text and "download" in text and "isd_from_kernels" in text

    archive.troubles = [Trouble("cut", only="0001LE", after=9000), Trouble("corrupt", only="0002RE")]
    table = "results/r/spot/products.csv"
    run(table, *wanted("M100000001LE", "M100000002RE"))
    assert {path.stem: path.read_bytes() for path in (tmp_path / "results/r/spot/edr").glob("*.IMG")} == {
        name: edrs[name] for name in ("M100000001LE", "M100000002RE")
    }
    # A third lies over both, and adds nothing.
    rows = (tmp_path / table).read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["M100000001LE", "M100000002RE"]

    # Nothing is asked again, whatever changes in how it is asked.
    archive.requests.clear()
    assert "Nothing to be done" in run(table, *wanted("M100000001LE"), retries=7, timeout_s=9)
    assert not archive.requests


def test_new_images_are_asked_for_when_told_and_nothing_is_fetched_twice(archive, run, tmp_path):
    archive.products = [product(archive, "M100000002RE")]
    table = "results/r/spot/products.csv"
    run(table, *wanted("M100000002RE"))
    archive.products.insert(0, product(archive, "M100000001LE"))
    assert "Nothing to be done" in run(table)

    archive.requests.clear()
    planned = run("-n", table, *wanted("M100000002RE"), "--config", "refresh=true")
    assert "The archive is searched" in planned and "is downloaded" not in planned and not archive.requests
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*")}
    run("-n", table, "--config", "refresh=true")
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*")}
    run(table, *wanted("M100000001LE", "M100000002RE"), "--config", "refresh=true")
    rows = [row.split(",")[0] for row in (tmp_path / table).read_text().splitlines()[1:]]
    assert rows == ["M100000002RE", "M100000001LE"]
    assert sum("/ode" in path for path in archive.paths) == 1
    assert [path for path in archive.paths if path.endswith(".IMG")] == [f"{ARCHIVE}/M100000001LE.IMG"]

    # The next run does not ask anew, unless the answer is too old.
    assert "Nothing to be done" in run(table, *wanted("M100000001LE"))
    archive.products.pop()
    assert "Nothing to be done" in run(table, max_age_days=1)
    archive.requests.clear()
    assert "The archive is searched" in run("-n", table, max_age_days=0) and not archive.requests
    run(table, max_age_days=0)
    assert sum("/ode" in path for path in archive.paths) == 1
    assert (
        "no longer in the archive, left in the table: M100000002RE"
        in (tmp_path / "results/r/logs/search/spot.log").read_text()
    )


def test_an_image_that_is_there_is_not_fetched_again_whatever_made_its_job_run_again(archive, run, tmp_path, edrs):
    archive.products = [product(archive, "M100000001LE"), product(archive, "M100000002RE")]
    edr = tmp_path / wanted("M100000001LE")[0]
    run(*wanted("M100000001LE", "M100000002RE"))
    archive.requests.clear()
    assert "is downloaded" in run(*wanted("M100000001LE"), "--forcerun", "download")
    assert not [path for path in archive.paths if path.endswith(".IMG")] and edr.read_bytes() == edrs[edr.stem]
    # A damaged one is.
    edr.write_bytes(edr.read_bytes()[:-1])
    run(*wanted("M100000001LE"), "--forcerun", "download")
    assert [path for path in archive.paths if path.endswith(".IMG")] == [f"{ARCHIVE}/M100000001LE.IMG"]
    assert edr.read_bytes() == edrs[edr.stem]


def test_a_table_that_is_edited_is_what_the_run_uses(archive, run, tmp_path):
    archive.products = [product(archive, "M100000001LE"), product(archive, "M100000002RE")]
    table = tmp_path / "results/r/spot/products.csv"
    run(str(table.relative_to(tmp_path)), *wanted("M100000001LE"))
    table.write_text("\n".join(table.read_text().splitlines()[:2]) + "\n")
    text = run("-n", "results/r/spot/mosaic.tif")
    assert "M100000001LE" in text and "M100000002RE" not in text
    archive.requests.clear()
    run(*wanted("M100000001LE"))
    assert not archive.requests


def test_a_table_that_is_committed_is_used_without_asking(archive, run, tmp_path, edrs):
    archive.products = [product(archive, "M100000001LE")]
    run("results/r/spot/products.csv")
    shutil.copy(tmp_path / "results/r/spot/products.csv", tmp_path / "mine.csv")
    shutil.rmtree(tmp_path / "results")
    archive.requests.clear()
    run(*wanted("M100000001LE"), target={"products": "mine.csv"})
    assert downloaded(tmp_path) == ["M100000001LE"]
    assert not any("/ode" in path for path in archive.paths)


def test_a_table_from_a_spreadsheet_is_used(archive, run, tmp_path, edrs):
    """With a byte-order mark and semicolons; the plan, the downloads and the page of the plan read it."""
    url = f"{archive.url}{ARCHIVE}/M100000001LE.IMG"
    table = f"product;url;incidence_deg\r\nM100000001LE;{url};45,5\r\n;;\r\n"
    (tmp_path / "mine.csv").write_text(table, encoding="utf-8-sig", newline="")
    run(*wanted("M100000001LE"), target={"products": "mine.csv"})
    assert downloaded(tmp_path) == ["M100000001LE"]


def test_an_archive_that_limits_requests_and_a_broken_mirror_fail_no_target(archive, run, tmp_path, edrs):
    archive.products = [product(archive, name) for name in SIDES]
    archive.limit = (3, 2.0)
    nowhere = "http://127.0.0.1:9/copy"
    run(*wanted(*SIDES), target={"products": list(SIDES)}, mirror=nowhere, retries=1)
    assert downloaded(tmp_path) == sorted(SIDES)
    logs = "".join(path.read_text() for path in (tmp_path / "results/r/logs").rglob("*.log"))
    assert "limits requests (429 Too Many Requests): waiting until" in logs
    for name in SIDES:
        assert f"mirror {nowhere}: " in logs and f"the archive is asked for {name}.IMG" in logs


def test_named_products_from_a_folder_need_no_server(run, tmp_path, edrs):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "M100000001LE.IMG").write_bytes(edrs["M100000001LE"])
    nowhere = "http://127.0.0.1:9"
    target = {"products": ["M100000001L"]}
    run(*wanted("M100000001L"), target=target, mirror="mirror", ode_url=nowhere, isisdata_url=nowhere)
    assert downloaded(tmp_path) == ["M100000001L"]


def test_no_more_connections_than_allowed(archive, run):
    archive.products = [product(archive, name) for name in SIDES]
    archive.troubles = [Trouble("slow", only=name, seconds=1.0) for name in SIDES]
    run(*wanted(*SIDES), target={"products": list(SIDES)}, connections=1)
    assert archive.most_at_once == 1


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (Trouble("garbage", only="/ode"), "imfmap: search: http://127.0.0.1"),
        (Trouble("status", only=".IMG", status=404), "imfmap: download: http://127.0.0.1"),
    ],
)
def test_a_bad_answer_is_one_line_and_leaves_nothing(archive, run, tmp_path, trouble, said):
    archive.products = [product(archive, "M100000001LE")]
    archive.troubles = [trouble]
    status, text = run("results/r/spot/products.csv", *wanted("M100000001LE"), check=False)
    assert status != 0 and "Traceback" not in text
    assert len([line for line in text.splitlines() if line.startswith(said)]) == 1
    left = [path for path in (tmp_path / "results").rglob("*") if path.suffix in (".IMG", ".part")]
    assert not left


def test_an_image_that_the_archive_lacks_may_be_left_out(archive, run, tmp_path):
    """Its mark goes through every step of acquisition."""
    archive.products = [product(archive, "M100000001LE")]
    del archive.files[f"{ARCHIVE}/M100000001LE.IMG"]
    image = "results/r/spot/{}/M100000001LE{}"
    goals = [image.format("isd", ".json"), image.format("isisdata", "")]
    target = {"products": ["M100000001LE"]}
    assert run(*goals, target=target, check=False)[0] != 0
    run(*goals, target=target, processing={"allow_missing": True})
    step, reason = read_mark(tmp_path / goals[0])
    assert step == "download" and "answered 404" in reason
    assert [path.name for path in (tmp_path / goals[1]).glob("[!.]*")] == [FOLDER_SUMS]


def test_a_polygon_in_a_file_is_an_input_of_the_search(archive, run, tmp_path):
    archive.products = [product(archive, "M100000001LE"), product(archive, "M100000002RE")]
    target = {"search": {"polygon": "ground.geojson"}}
    ground = tmp_path / "ground.geojson"
    corners = [[-20.15, 9.9], [-20.05, 9.9], [-20.05, 10.1], [-20.15, 10.1], [-20.15, 9.9]]
    ground.write_text(f'{{"type": "Polygon", "coordinates": [{corners}]}}')
    table = "results/r/spot/products.csv"
    run(table, target=target)
    assert (tmp_path / table).read_text().count("M10000000") == 2  # its line: id and URL
    ground.write_text(ground.read_text().replace("-20.05", "-19.9"))
    run(table, target=target)
    assert "M100000002RE" in Path(tmp_path / table).read_text()
