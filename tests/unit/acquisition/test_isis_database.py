"""Databases of kernels that were chosen by their names, as ISIS reads them."""

from dataclasses import replace

import pytest

from imfmap.acquisition import isis_database
from imfmap.acquisition.isis_database import write_database
from imfmap.acquisition.isisdata import gather
from imfmap.acquisition.isisdata_store import IsisData
from imfmap.acquisition.kernel_databases import Subject, select
from tests.helpers.isis_requests import LABEL
from tests.helpers.isis_store import ROOT

CK = "lro/kernels/ck"
PATTERN = f"{CK}/lroc_kernels.????.db"
NAMES = ("lrolc_2009152_2009182_v10.bc", "lrolc_2009181_2009213_v09.bc", "lrolc_2009181_2009213_v10.bc")


def tree_with(folder, *names):
    (folder / CK).mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / CK / name).write_text("kernel")
    return folder


def chosen(path, start, stop):
    """Kernel that ISIS's rules take from a database for an image between two times."""
    subject = Subject.of(replace(LABEL, start_time=start, stop_time=stop))
    found = select(path.read_text(), "SpacecraftPointing", subject, ("RECONSTRUCTED",), str(path))
    return [file.rsplit("/", 1)[1] for file in found[0].files] if found else []


@pytest.mark.parametrize(
    ("start", "stop", "kernel"),
    [
        ("2009-07-30T12:20:38", "2009-07-30T12:21:32", NAMES[2]),
        ("2009-06-15T00:00:00", "2009-06-15T00:01:00", NAMES[0]),
        # June 30 is the last day but one of the first kernel, and the first day of the others.
        ("2009-06-30T12:00:00", "2009-06-30T12:01:00", NAMES[0]),
        ("2009-08-01T23:59:00", "2009-08-01T23:59:58", NAMES[2]),
        ("2009-08-03T12:00:00", "2009-08-03T12:01:00", None),
    ],
)
def test_isis_finds_the_kernel_of_an_image_by_its_time(tmp_path, start, stop, kernel):
    path = write_database(tree_with(tmp_path, *NAMES), PATTERN, ("lrolc",))
    assert path.name == "lroc_kernels.0000.db"
    assert chosen(path, start, stop) == ([kernel] if kernel else [])


def test_a_kernel_that_surely_fills_the_day_comes_before_one_that_ends_on_it(tmp_path):
    names = "lrolc_2009181_2009213_v10.bc", "lrolc_2009212_2009244_v01.bc", "lrolc_2009150_2009212_v99.bc"
    path = write_database(tree_with(tmp_path, *names), PATTERN, ("lrolc",))
    assert chosen(path, "2009-07-31T12:00:00", "2009-07-31T12:01:00") == [names[0]]


def test_preferred_prefixes_come_first(tmp_path):
    names = "moc42r_2009181_2009213_v14.bc", "soc31_2009181_2009213_v20.bc", "soc31_2022181_2022213_v01.bc"
    path = write_database(tree_with(tmp_path, *names), f"{CK}/moc_kernels.????.db", ("moc42r", "soc31"))
    assert chosen(path, "2009-07-30T12:00:00", "2009-07-30T12:01:00") == [names[0]]
    assert chosen(path, "2022-07-10T12:00:00", "2022-07-10T12:01:00") == [names[2]]


def test_kernels_that_come_later_are_added_and_other_files_are_not(tmp_path):
    tree = tree_with(tmp_path, NAMES[0], ".lrolc_2009181_2009213_v10.bc.part", "lrolc_of_no_days.bc", "other.bc")
    text = write_database(tree, PATTERN, ("lrolc",)).read_text()
    assert text.count("File = ") == 2 and f"File = ${CK}/{NAMES[0]}" in text
    text = write_database(tree_with(tree, NAMES[2]), PATTERN, ("lrolc",)).read_text()
    assert NAMES[0] in text and NAMES[2] in text
    assert sorted(path.name for path in (tree / CK).glob("*.db*")) == ["lroc_kernels.0000.db"]


def test_a_kernel_that_comes_while_the_database_is_written_is_not_left_out(tmp_path, monkeypatch):
    """Another job fetches a kernel and writes the database, between the look at the tree and the writing here."""
    tree, original = tree_with(tmp_path, NAMES[0]), isis_database.database_text

    def slow(groups):
        tree_with(tree, NAMES[2])
        return original(groups)

    monkeypatch.setattr(isis_database, "database_text", slow)
    assert NAMES[2] in write_database(tree, PATTERN, ("lrolc",)).read_text()


def test_without_such_kernels_there_is_no_database(tmp_path):
    assert write_database(tree_with(tmp_path), PATTERN, ("lrolc",)) is None
    assert not list((tmp_path / CK).iterdir())


@pytest.mark.parametrize("stem", ["lroc_kernels", "moc_kernels"])
def test_the_tree_that_was_fetched_is_one_that_isis_can_use(isisdata_server, data, stem):
    for path in [path for path in isisdata_server.files if stem in path]:
        del isisdata_server.files[path]
    image = gather(LABEL, data)
    wanted = [path for path in image.kernels["SpacecraftPointing"] if ("lrolc" in path) == (stem == "lroc_kernels")]
    path = data.folder / CK / f"{stem}.0000.db"
    assert chosen(path, LABEL.start_time, LABEL.stop_time) == [kernel.rsplit("/", 1)[1] for kernel in wanted]
    # The tree alone gives the same choice, and a database of USGS takes the place of this workflow's.
    alone = IsisData(data.folder, {**data.acquisition, "isisdata_url": None})
    assert gather(LABEL, alone).kernels == image.kernels
    isisdata_server.files[f"{ROOT}{CK}/{stem}.0001.db"] = b"Object = SpacecraftPointing\nEnd_Object\nEnd\n"
    path.unlink()
    gather(LABEL, IsisData(data.folder, data.acquisition))
    assert not path.exists()
