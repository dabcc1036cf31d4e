"""Names of files that ISIS reads as they are meant."""

import os
from pathlib import Path

import pytest

from imfmap.core.errors import SetupError
from imfmap.engines.isis import paths
from tests.isis_standins.lists import listed

ODD = ["my moon", "moon,2025", "moon+x", "moon$x", "(moon)", "Mond ä", "moon's", "a\tb"]


@pytest.mark.parametrize("name", ["moon", "moon=1", "moon#2", "m@1.x-y_z", "/a/b/c.cub"])
def test_names_that_isis_takes_stay(name):
    assert paths.harmless_spelling(name) == name


@pytest.mark.parametrize("name", ODD)
def test_a_file_below_the_working_folder_is_named_from_there(tmp_path, monkeypatch, name):
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.chdir(folder)
    links = paths.Links(tmp_path)
    assert links.existing(folder / "a.cub") == links.new(folder / "a.cub") == "a.cub"


@pytest.mark.parametrize("name", ODD)
def test_a_file_elsewhere_gets_a_link_that_isis_reads(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    for file in ("a.cub", "M1,2 x.cub"):
        (folder / file).write_text(file)
    with paths.working_folder() as working:
        links = paths.Links(working)
        names = [links.existing(folder / file) for file in ("a.cub", "M1,2 x.cub")]
        assert all(map(paths.is_harmless, names)) and Path(names[0]).name == "a.cub"
        (working / "list.lis").write_text("".join(f"{one}\n" for one in names))
        assert [Path(one).read_text() for one in listed(working / "list.lis")] == ["a.cub", "M1,2 x.cub"]
        new = links.new(folder / "b.cub")
        Path(new).write_text("new")
        assert paths.is_harmless(new) and links.original(f"[{new}] {names[0]}") == f"[{folder}/b.cub] {folder}/a.cub"
    assert (folder / "b.cub").read_text() == "new" and not working.exists()


def test_a_folder_for_temporary_files_that_isis_would_misread_is_told(tmp_path, monkeypatch):
    odd = tmp_path / "my tmp"
    odd.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    with pytest.raises(SetupError, match=r"TMPDIR: .*my tmp; set TMPDIR to a folder"), paths.working_folder():
        pass
    assert not os.listdir(odd)
