"""Bad input: one clear line, a non-zero exit, no half product."""

import json
import shutil

import geopandas
import pytest

from imfmap.nac.edr import read_edr

from .conftest import run_snakemake, write_config

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def imaged(tmp_path_factory, mini_config):
    """Path: a folder with two simulated images, their calibration files and labels."""
    folder = tmp_path_factory.mktemp("bad")
    images = [f"results/mini/floor/simulated/edr/{name}.IMG" for name in ("M1500004000LE", "M1500004010RE")]
    run_snakemake(folder, write_config(folder / "mini.yaml", mini_config), *images)
    return folder


@pytest.fixture
def local(imaged, tmp_path, mini_config):
    """A run over one local EDR: (folder, run it with a target's settings changed)."""
    source = imaged / "results" / "mini" / "floor" / "simulated"
    for suffix in (".IMG", ".json"):
        shutil.copy(source / "edr" / f"M1500004000LE{suffix}", tmp_path)
    target = {key: mini_config["targets"]["floor"][key] for key in ("lat", "lon", "diameter_km", "extent_km")}

    def run(goal="results/bad/floor/projected/M1500004000LE.tif", **changes):
        config = {
            "run": {"name": "bad"},
            "processing": {"calibration_dir": str(imaged / "results" / "mini" / "calibration" / "2025")},
            "targets": {"floor": {**target, "edrs": ["M1500004000LE.IMG"], **changes}},
        }
        path = write_config(tmp_path / "bad.yaml", config)
        status, text = run_snakemake(tmp_path, path, goal, check=False)
        return status, [line for line in text.splitlines() if line.startswith("imfmap: ")], text

    return tmp_path, run


def assert_one_line(outcome, *said):
    status, lines, text = outcome
    assert status != 0
    assert len(lines) == 1, text[-3000:]
    for part in said:
        assert part in lines[0]


def no_products(folder):
    left = [path for path in (folder / "results").rglob("*") if path.is_file() and path.suffix in (".tif", ".part")]
    return not left


def test_a_good_edr_goes_through(local):
    folder, run = local
    status, _, text = run()
    assert status == 0, text[-3000:]


def test_a_truncated_edr(local):
    folder, run = local
    path = folder / "M1500004000LE.IMG"
    path.write_bytes(path.read_bytes()[:-5000])
    assert_one_line(run(), "M1500004000LE.IMG", "bytes")
    assert no_products(folder)


def test_an_edr_with_a_wrong_md5(local):
    folder, run = local
    path = folder / "M1500004000LE.IMG"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    assert_one_line(run(), "M1500004000LE.IMG", "MD5")
    assert no_products(folder)
    status, _, text = run(verify_md5=False)
    assert status == 0, text[-3000:]


def test_an_isd_of_another_image(local, imaged):
    folder, run = local
    shutil.copy(imaged / "results/mini/floor/simulated/edr/M1500004010RE.json", folder / "M1500004000LE.json")
    assert_one_line(run(), "M1500004000LE.json", "M1500004010RE")
    assert no_products(folder)


def test_another_product_under_the_name_with_its_own_isd(local, imaged):
    folder, run = local
    for suffix in (".IMG", ".json"):
        other = imaged / f"results/mini/floor/simulated/edr/M1500004010RE{suffix}"
        shutil.copy(other, folder / f"M1500004000LE{suffix}")
    assert_one_line(
        run(), "M1500004000LE", "is product M1500004010RE, but its name says M1500004000LE; put the file of"
    )
    assert no_products(folder)


def test_an_isd_of_another_instrument(local):
    folder, run = local
    path = folder / "M1500004000LE.json"
    isd = json.loads(path.read_text())
    isd["name_model"] = "USGS_ASTRO_FRAME_SENSOR_MODEL"
    path.write_text(json.dumps(isd))
    assert_one_line(run(), "M1500004000LE.json", "USGS_ASTRO_FRAME_SENSOR_MODEL")


def test_a_label_line_without_a_width_class(local, imaged):
    folder, run = local
    labels = geopandas.read_file(imaged / "results/mini/floor/simulated/labels.gpkg", layer="lines")
    labels.loc[labels.index[0], "width_class"] = None
    labels.to_file(folder / "labels.gpkg", layer="lines")
    outcome = run("results/bad/floor/labels.tif", role="train", labels="labels.gpkg")
    assert_one_line(outcome, "labels.gpkg", "feature 1", "width class", "tiny, small, medium, large, huge")
    assert no_products(folder)


def test_labels_still_to_be_drawn(local):
    folder, run = local
    status, _, text = run("results/bad/floor/labels.tif", role="train", labels="mine.gpkg")
    assert status != 0 and "Traceback" not in text
    assert "bad.yaml: 1 label file is still to be drawn: mine.gpkg; draw them in QGIS" in text
    assert not (folder / "results" / "bad" / "floor").exists(), "nothing began"


def test_an_image_wholly_off_the_target(local):
    folder, run = local
    assert_one_line(run(lat=40.0), "M1500004000LE", "target")
    assert no_products(folder)


def test_an_empty_target(local):
    folder, run = local
    status, _, text = run(edrs=[])
    assert status != 0 and "Traceback" not in text
    assert any("bad.yaml: targets.floor.edrs" in line for line in text.splitlines())


def test_the_simulated_label_keeps_its_facts(imaged):
    label = read_edr(imaged / "results/mini/floor/simulated/edr/M1500004000LE.IMG").label
    assert label.product_id == "M1500004000LE" and label.camera == "left" and label.summing == 2
