"""The store of ISIS data, in trouble too."""

import pytest

from imfmap.acquisition.isisdata import gather
from imfmap.acquisition.isisdata_store import IsisData
from imfmap.core.errors import InputError
from tests.helpers.isis_requests import LABEL
from tests.helpers.servers import Trouble


def test_a_folder_is_as_good_as_the_store(isisdata_server, data, tmp_path):
    image = gather(LABEL, data)
    isisdata_server.requests.clear()
    copied = IsisData(tmp_path / "copy", {**data.acquisition, "isisdata_url": str(data.folder)})
    assert gather(LABEL, copied) == image and (tmp_path / "copy" / image.paths[0]).is_file()
    in_place = IsisData(data.folder, {**data.acquisition, "isisdata_url": None})
    assert gather(LABEL, in_place) == image and not in_place.fetched
    assert not isisdata_server.requests


def test_a_listing_of_many_pages(isisdata_server, data):
    isisdata_server.keys_a_page = 2
    assert gather(LABEL, data).calibration


def test_a_store_in_trouble(isisdata_server, data):
    isisdata_server.troubles = [
        Trouble("status", status=503),
        Trouble("status", status=429, headers={"Retry-After": "0"}),
    ]
    isisdata_server.troubles += [Trouble("cut", only="moc42r", after=100), Trouble("corrupt", only="naif0012.tls")]
    image = gather(LABEL, data)
    assert len(image.paths) == len(data.sizes)
    path = data.folder / "lro/kernels/ck/moc42r_2009181_2009213_v14.bc"
    assert path.stat().st_size == data.sizes["lro/kernels/ck/moc42r_2009181_2009213_v14.bc"]


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"no xml", b"<Error><Code>SlowDown</Code></Error>"])
def test_a_store_that_answers_garbage(isisdata_server, data, body):
    isisdata_server.troubles = [Trouble("garbage", body=body)]
    with pytest.raises(InputError, match="no listing; set acquisition.isisdata_url"):
        gather(LABEL, data)


def test_a_kernel_that_came_half_is_fetched_whole(isisdata_server, data):
    data.folder.mkdir()
    path = data.folder / "base/kernels/lsk/naif0012.tls"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    gather(LABEL, data)
    assert path.stat().st_size == data.sizes["base/kernels/lsk/naif0012.tls"]
