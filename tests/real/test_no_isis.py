"""A real EDR's label, its real kernels in a store on loopback, and nothing else: archive to map without ISIS.

The archive's pixels of M103595705LE are not at hand: the EDR has its label's facts and made-up codes. The kernels are
slices of the real ones about the image (real/ale), under their names and in the store's layout.
"""

import json
from pathlib import Path

import lunarsky
import numpy as np
import pytest
import yaml

from imfmap.engines.native.pipeline import Processing, edr_to_map
from imfmap.maps.rasters import read_raster
from imfmap.maps.target_grid import target_grid
from imfmap.nac.camera import camera_from_isd
from imfmap.nac.edr import read_label, write_edr
from imfmap.run.config.complete import complete
from imfmap.simulate.calibration_set import write_calibration_set
from tests.helpers.isis_store import MONTH, database, databases, in_area
from tests.helpers.isis_store import ROOT as STORE
from tests.helpers.servers import Trouble, ode_product, serving, settings_for
from tests.workflow.conftest import run_snakemake, write_config

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = "M103595705LE"
EDR = f"/data/LRO-L-LROC-2-EDR-V1.0/LROLRC_0001/DATA/COM/2009211/NAC/{PRODUCT}.IMG"
FACTS = (
    "PRODUCT_ID",
    "FRAME_ID",
    "LRO:PREROLL_TIME",
    "START_TIME",
    "STOP_TIME",
    "LRO:SPACECRAFT_CLOCK_PREROLL_COUNT",
    "SPACECRAFT_CLOCK_START_COUNT",
    "SPACECRAFT_CLOCK_STOP_COUNT",
    "LRO:LINE_EXPOSURE_CODE",
)
LINES = 400


@pytest.fixture(scope="module")
def ale(real_data):
    return real_data / "ale"


@pytest.fixture(scope="module")
def edr(ale, tmp_path_factory):
    """Path: an EDR with the facts of the real label."""
    label = read_label(ale / PRODUCT / f"{PRODUCT}_pds3.lbl")

    def text(value):
        return value.isoformat(timespec="milliseconds").split("+")[0] if hasattr(value, "isoformat") else value

    facts = {key: text(label[key]) for key in FACTS}
    facts["LINE_EXPOSURE_DURATION"] = label["LINE_EXPOSURE_DURATION"].value
    path = tmp_path_factory.mktemp("edr") / f"{PRODUCT}.IMG"
    # Light and shade in bands, so that a misplaced line shows.
    line, sample = np.mgrid[:LINES, :5064]
    write_edr(path, (90 + 60 * np.sin(line / 9.0) * np.cos(sample / 40.0)).astype(np.uint8), facts)
    return path


@pytest.fixture(scope="module")
def store(ale, tmp_path_factory):
    """dict of str: bytes: the store's files by path."""
    kernels = {path.name: path.read_bytes() for path in (ale / PRODUCT).iterdir()}
    moon = next(Path(lunarsky.__file__).parent.rglob("moon_pa_de421_1900-2050.bpc"))
    slices = {kind: sorted(name for name in kernels if name.startswith(kind)) for kind in ("lrolc", "moc42r")}
    folders = {
        "base/kernels/lsk": ["naif0012.tls"],
        "base/kernels/pck": ["pck00009.tpc"],
        "lro/kernels/pck": ["moon_080317.tf", "moon_assoc_me.tf"],
        "lro/kernels/tspk": [f"{PRODUCT}_1.bsp"],
        "lro/kernels/spk": [f"{PRODUCT}_0.bsp"],
        "lro/kernels/ck": [*slices["lrolc"], *slices["moc42r"]],
        "lro/kernels/fk": ["lro_frames_2014049_v01.tf"],
        "lro/kernels/ik": ["lro_lroc_v18.ti"],
        "lro/kernels/sclk": ["lro_clkcor_2019239_v00.tsc", "lro_clkcor_2019283_v00.tsc"],
        "lro/kernels/iak": ["lro_instrumentAddendum_v04.ti"],
    }
    files = {f"{folder}/{name}": kernels[name] for folder, names in folders.items() for name in names}
    files["lro/kernels/tspk/moon_pa_de421_1900-2050.bpc"] = moon.read_bytes()
    files |= databases()
    reconstructed = {"Time": MONTH, "Type": "Reconstructed"}
    for stem, kind in (("lroc_kernels.0007", "lrolc"), ("moc_kernels.0100", "moc42r")):
        files[f"lro/kernels/ck/{stem}.db"] = database(
            "SpacecraftPointing", {**reconstructed, "File": [f"$lro/kernels/ck/{name}" for name in slices[kind]]}
        )
    files["lro/kernels/spk/kernels.0009.db"] = database(
        "SpacecraftPosition", {**reconstructed, "File": f"$lro/kernels/spk/{PRODUCT}_0.bsp"}
    )
    files["lro/kernels/tspk/kernels.0001.db"] = database(
        "TargetPosition",
        {"File": [in_area("lro", f"kernels/tspk/{name}") for name in (f"{PRODUCT}_1.bsp", moon.name)]},
    )
    folder = tmp_path_factory.mktemp("calibration")
    write_calibration_set(folder, 1, 2009)
    for path in folder.rglob("*"):
        if path.is_file():
            files[f"lro/calibration/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    return {STORE + path: content for path, content in files.items()}


@pytest.fixture(scope="module")
def mapped(ale, edr, store, tmp_path_factory):
    """The run's folder, its target, and the server that it asked."""
    folder = tmp_path_factory.mktemp("run")
    camera = camera_from_isd(ale / "lrolroc_isd.json")
    lon, lat = (float(value) for value in camera.image_to_ground(LINES / 2, 2532))
    place = {"lat": lat, "lon": lon, "diameter_km": 1, "extent_km": [3, 1], "resolution_m": 4}
    with serving() as server:
        server.files = {**store, EDR: edr.read_bytes()}
        ring = [(lon, lat), (lon + 0.1, lat), (lon + 0.1, lat + 0.1)]
        server.products = [
            ode_product(PRODUCT, ring, url=f"{server.url}{EDR}", UTC_start_time="2009-07-30T12:20:38.185")
        ]
        server.troubles = [
            Trouble("cut", only="lro_clkcor_2019283", after=500_000),
            Trouble("status", only=".IMG", status=503),
        ]
        config = {
            "run": {"name": "real"},
            "processing": {"engine": "native"},
            "acquisition": settings_for(server),
            "targets": {"spot": {**place, "products": [PRODUCT]}},
        }
        path = write_config(folder / "c.yaml", config)
        run_snakemake(folder, path, f"results/real/spot/projected/{PRODUCT}.tif", "results/real/spot/mosaic.tif")
        target = complete(yaml.safe_load(path.read_text()), path)["targets"]["spot"]
        yield folder / "results" / "real" / "spot", target, server


def test_the_camera_is_ales(ale, mapped):
    spot, _, _ = mapped
    ours, theirs = (
        camera_from_isd(spot / "isd" / f"{PRODUCT}.json"),
        camera_from_isd(ale / "lrolroc_isd.json"),
    )
    line, sample = np.mgrid[1:401:57, 1:5065:633]
    metres = np.radians(1.0) * 1737400.0
    apart = np.subtract(ours.image_to_ground(line, sample), theirs.image_to_ground(line, sample))
    assert np.abs(apart).max() * metres < 1e-3


def test_the_map_is_the_one_that_ales_camera_gives(ale, edr, mapped, tmp_path):
    spot, target, _ = mapped
    calibration = spot / "isisdata" / PRODUCT
    isd = ale / "lrolroc_isd.json"
    edr_to_map(edr, isd, calibration, target_grid(target), tmp_path / "ales.tif", Processing(min_valid_fraction=0.001))
    ours, _, tags = read_raster(spot / "projected" / f"{PRODUCT}.tif")
    theirs, _, _ = read_raster(tmp_path / "ales.tif")
    assert np.isfinite(ours).mean() > 0.05 and tags["IMF_ENGINE"] == "native"
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_only_what_the_image_needs_was_fetched(mapped):
    spot, _, server = mapped
    manifest = json.loads((spot / "isisdata" / f"{PRODUCT}.json").read_text())
    kernels = [path for group in manifest["kernels"].values() for path in group]
    assert len([path for path in kernels if path.endswith(".bc")]) == 8 and len(manifest["calibration"]) == 7
    assert not [path for path in server.paths if "2019239" in path or "NACR" in path or "Summed" in path]
    on_disk = sum(path.stat().st_size for path in Path(manifest["isisdata"]).rglob("*") if path.is_file())
    assert manifest["megabytes"] == round(on_disk / 1e6, 3) < 10.0
