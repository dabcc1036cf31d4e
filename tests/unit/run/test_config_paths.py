from imfmap.run.config_paths import expanded, local_path


def test_a_file_of_the_working_directory_comes_before_one_of_the_workflow(tmp_path, monkeypatch):
    work, shipped = tmp_path / "work", tmp_path / "clone"
    for folder in (work, shipped):
        folder.mkdir()
    monkeypatch.chdir(work)
    assert local_path("net.pt", shipped) == "net.pt", "one that is nowhere is missing from the working directory"
    (shipped / "net.pt").touch()
    assert local_path("net.pt", shipped) == str(shipped / "net.pt")
    (work / "net.pt").touch()
    assert local_path("net.pt", shipped) == "net.pt"
    assert local_path(str(tmp_path / "no.pt"), shipped) == str(tmp_path / "no.pt")
    assert local_path("", shipped) == ""


def test_variables_and_the_home_folder_are_replaced(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv("DATA", "/data")
    assert (expanded("~/a"), expanded("$DATA/b")) == ("/home/somebody/a", "/data/b")
