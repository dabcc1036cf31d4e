"""What the tests of this package share."""

import json

import pandas as pd
import pytest

from imfmap.acquisition.download import download_file
from imfmap.acquisition.isisdata_store import IsisData
from imfmap.acquisition.search import search
from tests.helpers.downloads import PAYLOAD
from tests.helpers.isis_requests import store_files
from tests.helpers.searches import OUTPUTS, TARGET
from tests.helpers.servers import serving, settings_for


@pytest.fixture(autouse=True)
def pauses(monkeypatch, tmp_path_factory):
    """Folder of this test alone for the notes of servers that limit requests."""
    folder = tmp_path_factory.mktemp("pauses")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def file_server():
    """A server of files, with one."""
    with serving() as running:
        running.files["/a.IMG"] = PAYLOAD
        yield running


@pytest.fixture
def bring(file_server, tmp_path):
    """Fetch a file of the server; the path where it came to."""

    def run(path="/a.IMG", check=None, size=None, **changes):
        url = path if "://" in path else f"{file_server.url}{path}"
        download_file(url, tmp_path / "a.IMG", settings_for(file_server, **changes), check, size)
        return tmp_path / "a.IMG"

    return run


@pytest.fixture
def ode_server():
    """A stand-in for ODE."""
    with serving() as running:
        yield running


@pytest.fixture
def ask(ode_server, tmp_path):
    """Search, with changes of the target's limits; the table, and the report."""

    def run(target=TARGET, acquisition=None, asked=None, **limits):
        outputs = {name: tmp_path / f"products.{suffix}" for name, suffix in OUTPUTS.items()}
        target = {**target, "search": {**target["search"], **limits}}
        search(target, acquisition or settings_for(ode_server), outputs, asked)
        return pd.read_csv(outputs["table"]), json.loads(outputs["report"].read_text())

    return run


@pytest.fixture
def isisdata_server():
    """A stand-in for the store of ISIS data, with what an image of July 2009 needs."""
    with serving() as running:
        running.files.update(store_files())
        yield running


@pytest.fixture
def data(isisdata_server, tmp_path):
    return IsisData(tmp_path / "isisdata", settings_for(isisdata_server))
