"""Kernels and calibration files of an image, chosen as ISIS chooses, out of a store on loopback."""

import json

import pytest

from imfmap.acquisition.isisdata import gather, kernel_paths, link_calibration, write_manifest
from imfmap.acquisition.isisdata_store import IsisData
from imfmap.acquisition.kernel_databases import Subject, select
from imfmap.core.errors import InputError
from imfmap.maps.times import ephemeris_time
from imfmap.nac.calibration_files import CalibrationFiles
from tests.helpers.isis_store import KERNELS, MONTH, NEXT_MONTH, ROOT, calibration, database, databases, july_2009, span
from tests.helpers.servers import Trouble, serving, settings_for

DAY_S = 86400
LABEL = july_2009()
START_S = int(ephemeris_time(LABEL.start_time))
DARKS = [START_S - 40 * DAY_S, START_S - 12 * DAY_S, START_S + 9 * DAY_S, START_S + 30 * DAY_S]
A, B, C = "$lro/kernels/ck/a.bc", "$lro/kernels/ck/b.bc", "$lro/kernels/ck/c.bc"


@pytest.fixture
def server():
    with serving() as running:
        files = databases() | {path: path.encode() * 7 for path in [*KERNELS, *calibration(LABEL, DARKS)]}
        running.files.update({ROOT + path: content for path, content in files.items()})
        yield running


@pytest.fixture
def data(server, tmp_path):
    return IsisData(tmp_path / "isisdata", settings_for(server))


# Databases


def pick(*selections, allowed=("RECONSTRUCTED",), subject=None, entry="SpacecraftPointing"):
    text = database(entry, *selections).decode()
    return [choice.files for choice in select(text, entry, subject or Subject.of(LABEL), allowed, "x.db")]


def kernel(path, time=MONTH, quality="Reconstructed", **more):
    return {"Time": time, "File": path, "Type": quality, **more}


def name(path):
    return path.lstrip("$")


def test_the_time_must_hold_the_whole_image():
    assert pick(kernel(A), kernel(B, NEXT_MONTH)) == [(name(A),)]
    assert pick(kernel(B, NEXT_MONTH)) == []
    # Times are dynamical, 66.2 s ahead of UTC in 2009.
    ends = span("2009 JUL 30 12:21:44.3", "2009 JUL 30 12:22:38.4")
    assert pick(kernel(A, ends)) == [(name(A),)]
    assert pick(kernel(A, span("2009 JUL 30 12:20:38", "2009 JUL 30 12:21:33"))) == []
    assert pick(kernel(A, '("2009 JUL 30 12:20:38", "2009 JUL 30 12:21:33")')) == [(name(A),)]


def test_of_equals_the_last_wins_and_a_better_quality_wins_over_all():
    assert pick(kernel(A), kernel(B))[0] == (name(B),)
    chosen = pick(
        kernel(A, quality="Smithed"), kernel(B), kernel(C, quality="Predicted"), allowed=("SMITHED", "RECONSTRUCTED")
    )
    assert chosen == [(name(A),), (name(B),)]
    assert pick(kernel(A, quality="Smithed"), kernel(B)) == [(name(B),)]
    assert pick(kernel(C, quality="Predicted"), allowed=("RECONSTRUCTED", "PREDICTED")) == [(name(C),)]


def test_a_kernel_with_a_quality_is_none_for_an_entry_that_has_none():
    assert pick(kernel(A), {"File": B}, allowed=()) == [(name(B),)]


def test_an_image_over_the_edge_of_two_kernels_gets_both():
    first = span("2009 JUL 01 00:00:00", "2009 JUL 30 12:22:00")
    second = span("2009 JUL 30 12:21:50", "2009 AUG 30 00:00:00")
    assert pick(kernel(A, first), kernel(B, second)) == [(name(A), name(B))]
    # A gap between them is no bridge.
    late = span("2009 JUL 30 12:22:10", "2009 AUG 30 00:00:00")
    assert pick(kernel(A, first), kernel(B, late)) == []
    # One that holds the whole image is taken instead.
    assert set(pick(kernel(A, first), kernel(B, second), kernel(C))) == {(name(C),), (name(A), name(B))}
    assert pick(kernel(A, first), kernel(B, second), kernel(C))[0] == (name(C),)
    # Another quality does not help out.
    assert pick(kernel(A, first), kernel(B, second, "Predicted"), allowed=("RECONSTRUCTED", "PREDICTED")) == []


def test_several_times_and_files_of_one_selection():
    times = [span("2005 SEP 16 05:42:48.85", "2005 NOV 04 07:05:06.46"), MONTH]
    assert pick(kernel([A, B], times)) == [(name(A), name(B))]


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"Match": '("Instrument","TargetName","Moon")'}, True),
        ({"Match": '("Instrument","TargetName","Mars")'}, False),
        ({"Match": '("Instrument","NoSuchKeyword","Moon")'}, False),
        ({"Match": ['("Instrument","TargetName","MOON")', '("Instrument","InstrumentId","NACR")']}, False),
        ({"Instrument": "NACL"}, True),
        ({"Instrument": "NACR"}, False),
        ({"CameraVersion": "2"}, True),
        ({"CameraVersion": '"1-2"'}, True),
        ({"CameraVersion": "1"}, False),
    ],
)
def test_conditions_beside_the_time(more, found):
    assert bool(pick(kernel(A, **more))) == found


def test_offsets_widen_the_time():
    short = span("2009 JUL 30 12:21:45", "2009 JUL 30 12:22:00")
    assert pick(kernel(A, short)) == []
    assert pick(kernel(A, short, StartOffset="1.0", EndOffset="40.0")) == [(name(A),)]


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        ({"File": "just.bc"}, "x.db: its File = just.bc"),
        ({"File": A, "Time": "(yesterday, today)"}, "x.db: its Time"),
        ({"File": "("}, "x.db: cannot be read as PVL"),
    ],
)
def test_a_broken_database_is_one_line(selection, said):
    with pytest.raises(InputError, match=said) as caught:
        pick(selection)
    assert "\n" not in str(caught.value)


def test_another_object_of_the_file_is_left_alone():
    text = (database("Dem", {"File": A}) + database("SpacecraftPointing", {"File": B})).decode()
    assert [choice.files for choice in select(text, "Dem", Subject.of(LABEL), (), "x.db")] == [(name(A),)]
    assert select(text, "Frame", Subject.of(LABEL), (), "x.db") == []


# Images


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


def test_only_what_is_needed_is_fetched_and_nothing_twice(server, data, tmp_path):
    image = gather(LABEL, data)
    on_disk = {path.relative_to(data.folder).as_posix() for path in data.folder.rglob("*") if path.is_file()}
    assert on_disk == set(image.paths)
    assert not [path for path in server.paths if "moc42r_2009212" in path or "naif0011" in path or "0099" in path]
    server.requests.clear()
    again = IsisData(data.folder, data.acquisition)
    assert gather(LABEL, again) == image and not again.fetched
    assert all("list-type" in path for path in server.paths)


def test_the_right_camera_gets_its_own_files(server, data):
    right = july_2009("right", summing=2, samples=2532, exposure_code=0)
    files = calibration(right, DARKS)
    assert all("NACR" in path or "Responsivity" in path for path in files)
    server.files.update({ROOT + path: b"x" for path in files})
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
def test_darks_are_those_around_the_image(server, data, darks, there, taken):
    for path in calibration(LABEL, DARKS):
        if "AverageDarks" in path and not any(str(time) in path for time in there):
            del server.files[ROOT + path]
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
    assert "a full copy of LRO's takes over 70 GB" in caplog.text


def test_a_folder_is_as_good_as_the_store(server, data, tmp_path):
    image = gather(LABEL, data)
    server.requests.clear()
    copied = IsisData(tmp_path / "copy", {**data.acquisition, "isisdata_url": str(data.folder)})
    assert gather(LABEL, copied) == image and (tmp_path / "copy" / image.paths[0]).is_file()
    in_place = IsisData(data.folder, {**data.acquisition, "isisdata_url": None})
    assert gather(LABEL, in_place) == image and not in_place.fetched
    assert not server.requests


def test_a_listing_of_many_pages(server, data):
    server.keys_a_page = 2
    assert gather(LABEL, data).calibration


# What goes wrong


def without(server, part):
    for path in [path for path in server.files if part in path]:
        del server.files[path]


def test_a_database_missing_from_the_store_is_made_up_for_by_names(server, data, caplog):
    """As the store stood in 2026: its lroc_kernels.????.db was gone, the kernels were there."""
    without(server, "lroc_kernels")
    server.files[ROOT + "lro/kernels/ck/lrolc_2009181_2009213_v09.bc"] = b"old"
    server.files[ROOT + "lro/kernels/ck/lrolc_2009211_2009244_v01.bc"] = b"ends inside"
    chosen = gather(LABEL, data).kernels["SpacecraftPointing"]
    assert chosen[0] == "lro/kernels/ck/lrolc_2009181_2009213_v10.bc"
    assert "no lro/kernels/ck/lroc_kernels.????.db" in caplog.text


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
def test_what_the_store_lacks_is_named(server, data, part, said):
    without(server, part)
    with pytest.raises(InputError, match=said) as caught:
        gather(LABEL, data)
    assert "\n" not in str(caught.value)


def test_an_image_newer_than_the_kernels_is_told_so(data):
    recent = july_2009(start_time="2024-06-07T01:00:00", stop_time="2024-06-07T01:00:50")
    with pytest.raises(
        InputError, match="no SpacecraftPointing kernel of 2024-06-07T01:00:00 in the store; USGS publishes"
    ):
        gather(recent, data)


def test_a_store_in_trouble(server, data):
    server.troubles = [Trouble("status", status=503), Trouble("status", status=429, headers={"Retry-After": "0"})]
    server.troubles += [Trouble("cut", only="moc42r", after=100), Trouble("corrupt", only="naif0012.tls")]
    image = gather(LABEL, data)
    assert len(image.paths) == len(data.sizes)
    path = data.folder / "lro/kernels/ck/moc42r_2009181_2009213_v14.bc"
    assert path.stat().st_size == data.sizes["lro/kernels/ck/moc42r_2009181_2009213_v14.bc"]


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"no xml", b"<Error><Code>SlowDown</Code></Error>"])
def test_a_store_that_answers_garbage(server, data, body):
    server.troubles = [Trouble("garbage", body=body)]
    with pytest.raises(InputError, match="no listing; set acquisition.isisdata_url"):
        gather(LABEL, data)


def test_a_kernel_that_came_half_is_fetched_whole(server, data):
    data.folder.mkdir()
    path = data.folder / "base/kernels/lsk/naif0012.tls"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    gather(LABEL, data)
    assert path.stat().st_size == data.sizes["base/kernels/lsk/naif0012.tls"]
