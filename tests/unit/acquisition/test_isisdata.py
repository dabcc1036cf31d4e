"""Kernels and calibration files of an image, chosen as ISIS chooses, out of a store on loopback."""

import json

import pytest

from imfmap.acquisition.isisdata import gather, kernel_paths, link_calibration, write_manifest
from imfmap.acquisition.isisdata_store import IsisData
from imfmap.core.errors import InputError, SetupError
from imfmap.nac.calibration_files import CalibrationFiles
from tests.helpers.isis_requests import DARKS, LABEL
from tests.helpers.isis_store import ROOT, calibration, july_2009


def test_an_image_gets_the_kernels_that_its_isis_label_names(data):
    """The Kernels group of M103595705LE's cube (real/ale), with the sclk and iak of the day it was made."""
    image = gather(LABEL, data)
    assert [path for group in image.kernels.values() for path in group] == [
        "base/kernels/lsk/naif0012.tls",
        "base/kernels/pck/pck00009.tpc",
        "lro/kernels/pck/moon_080317.tf",
        "lro/kernels/pck/moon_assoc_me.tf",
        "lro/kernels/tspk/moon_pa_de421_1900-2050.bpc",
        "lro/kernels/tspk/de421.bsp",
        "lro/kernels/ck/lrolc_2009181_2009213_v10.bc",
        "lro/kernels/ck/moc42r_2009181_2009213_v14.bc",
        "lro/kernels/fk/lro_frames_2014049_v01.tf",
        "lro/kernels/ik/lro_lroc_v18.ti",
        "lro/kernels/sclk/lro_clkcor_2020287_v00.tsc",
        "lro/kernels/spk/fdf29r_2009182_2009213_v01.bsp",
        "lro/kernels/iak/lro_instrumentAddendum_v05.ti",
    ]
    smithed = gather(LABEL, data, smithed=True)
    assert smithed.kernels["SpacecraftPosition"] == ("lro/kernels/spk/LRO_NO_01_201308_GRGM660PRIMAT270.bsp",)


def test_only_what_is_needed_is_fetched_and_nothing_twice(isisdata_server, data, tmp_path):
    image = gather(LABEL, data)
    on_disk = {path.relative_to(data.folder).as_posix() for path in data.folder.rglob("*") if path.is_file()}
    assert on_disk == set(image.paths)
    assert not [
        path for path in isisdata_server.paths if "moc42r_2009212" in path or "naif0011" in path or "0099" in path
    ]
    isisdata_server.requests.clear()
    again = IsisData(data.folder, data.acquisition)
    assert gather(LABEL, again) == image and not again.fetched
    assert all("list-type" in path for path in isisdata_server.paths)


def test_the_right_camera_gets_its_own_files(isisdata_server, data):
    right = july_2009("right", summing=2, samples=2532, exposure_code=0)
    files = calibration(right, DARKS)
    assert all("NACR" in path or "Responsivity" in path for path in files)
    isisdata_server.files.update({ROOT + path: b"x" for path in files})
    image = gather(right, data)
    assert image.kernels["Instrument"] == ("lro/kernels/ik/lro_lroc_v18.ti",)
    assert f"lro/calibration/nac_darks/NACR_AverageDarks_{DARKS[1]}T_Summed_exp0.0001.cub" in image.calibration


@pytest.mark.parametrize(
    ("darks", "there", "taken"),
    [
        ("pair", DARKS, DARKS[1:3]),
        ("nearest", DARKS, DARKS[2:3]),
        ("pair", DARKS[:2], DARKS[1:2]),
        ("pair", DARKS[2:], DARKS[2:3]),
        ("custom", DARKS, []),
    ],
)
def test_darks_are_those_around_the_image(isisdata_server, data, darks, there, taken):
    for path in calibration(LABEL, DARKS):
        if "AverageDarks" in path and not any(str(time) in path for time in there):
            del isisdata_server.files[ROOT + path]
    names = [path.rsplit("/")[-1] for path in gather(LABEL, data, darks=darks).calibration if "Dark" in path]
    assert names == [f"NACL_AverageDarks_{time}T.0001.cub" for time in taken]


def test_the_links_are_a_calibration_folder(data, tmp_path):
    write_manifest(tmp_path / "m.json", gather(LABEL, data), data)
    link_calibration(tmp_path / "m.json", tmp_path / "calibration")
    files = CalibrationFiles.of(tmp_path / "calibration", LABEL)
    assert files.find(files.flat_stem, ".cub").name == "NACL_Flatfield.0002.cub"
    assert files.dark_times(False) == DARKS[1:3]


def test_the_manifest_tells_megabytes_and_kernels(data, tmp_path, caplog):
    caplog.set_level("INFO")
    image = gather(LABEL, data)
    write_manifest(tmp_path / "m.json", image, data)
    manifest = json.loads((tmp_path / "m.json").read_text())
    total = sum(path.stat().st_size for path in data.folder.rglob("*") if path.is_file())
    assert sum(manifest["bytes"].values()) == total
    assert manifest["megabytes"] == manifest["megabytes_fetched"] == round(total / 1e6, 3)
    assert kernel_paths(tmp_path / "m.json")[0] == data.folder / "base/kernels/lsk/naif0012.tls"
    assert "a full copy of LRO's data takes 764 GB" in caplog.text


def test_gigabytes_are_logged_before_they_are_fetched(isisdata_server, data, caplog):
    """Another process has a file already, another one in half."""
    caplog.set_level("INFO")
    there, half = "lro/kernels/tspk/de421.bsp", "lro/kernels/spk/fdf29r_2009182_2009213_v01.bsp"
    for path in (there, half):
        (data.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (data.folder / path).write_bytes(isisdata_server.files[ROOT + path])
    (data.folder / half).write_bytes(b"half")
    large = "lro/kernels/ck/moc42r_2009181_2009213_v14.bc"
    isisdata_server.files[ROOT + large] = bytes(3_000_000)
    image = gather(LABEL, data)
    lines = [record.getMessage() for record in caplog.records]
    told = next(index for index, line in enumerate(lines) if "will be fetched" in line)
    fetched_first = sum(path.endswith((".db", ".conf")) and "dems" not in path for path in image.paths)
    to_fetch = len(image.paths) - fetched_first - 1
    files = len(image.paths)
    said = f"{to_fetch} files of ISIS data will be fetched, 0.003 GB (of {files} files, 0.003 GB, that it needs)"
    assert lines[told] == f"M103595705LE: {said}"
    assert not any("moc42r_2009181" in line for line in lines[:told])
    assert sum(" MB from " in line for line in lines[told:]) == to_fetch
    caplog.clear()
    gather(LABEL, IsisData(data.folder, data.acquisition))
    assert "will be fetched" not in caplog.text


def without(isisdata_server, part):
    for path in [path for path in isisdata_server.files if part in path]:
        del isisdata_server.files[path]


def test_a_database_missing_from_the_store_is_made_up_for_by_names(isisdata_server, data, caplog):
    """As the store stood in 2026: its lroc_kernels.????.db was gone, the kernels were there."""
    without(isisdata_server, "lroc_kernels")
    isisdata_server.files[ROOT + "lro/kernels/ck/lrolc_2009181_2009213_v09.bc"] = b"old"
    isisdata_server.files[ROOT + "lro/kernels/ck/lrolc_2009211_2009244_v01.bc"] = b"ends inside"
    image = gather(LABEL, data)
    lrolc, moc = "lro/kernels/ck/lrolc_2009181_2009213_v10.bc", "lro/kernels/ck/moc42r_2009181_2009213_v14.bc"
    assert image.kernels["SpacecraftPointing"] == (lrolc, moc)
    assert image.unlisted == {"lro/kernels/ck/lroc_kernels.????.db": (lrolc,)}
    assert (data.folder / lrolc).is_file() and "no lro/kernels/ck/lroc_kernels.????.db" in caplog.text


def test_without_any_database_of_pointing_both_kernels_come_by_their_names(isisdata_server, data):
    without(isisdata_server, "_kernels.0")
    image = gather(LABEL, data)
    assert [path.split("/")[-1][:6] for path in image.kernels["SpacecraftPointing"]] == ["lrolc_", "moc42r"]
    assert len(image.unlisted) == 2


def test_what_all_images_need_is_no_fault_of_one(isisdata_server, data):
    without(isisdata_server, "kernels/fk")
    with pytest.raises(SetupError, match="there is no Frame kernel"):
        gather(LABEL, data)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("moc42r_2009181", "moc_kernels.0100.db: names lro/kernels/ck/moc42r_2009181_2009213_v14.bc, which"),
        ("naif00", "names base/kernels/lsk/naif.*.tls, which the store does not have"),
        ("kernels/fk", "there is no Frame kernel for it in the store"),
        ("Flatfield", r"NACL_Flatfield.*.cub: is not in the store"),
        ("nac_darks", "none for M103595705LE is in the store"),
    ],
)
def test_what_the_store_lacks_is_named(isisdata_server, data, part, said):
    without(isisdata_server, part)
    with pytest.raises(InputError, match=said) as caught:
        gather(LABEL, data)
    assert "\n" not in str(caught.value)


def test_an_image_newer_than_the_kernels_is_told_so(data):
    recent = july_2009(start_time="2024-06-07T01:00:00", stop_time="2024-06-07T01:00:50")
    with pytest.raises(
        InputError, match="no SpacecraftPointing kernel of 2024-06-07T01:00:00 in the store; USGS publishes"
    ):
        gather(recent, data)
