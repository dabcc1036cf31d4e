"""torchvision's weights, fetched or found."""

import hashlib
from pathlib import Path

import pytest

from imfmap.acquisition.torch_hub import fetch_hub_weights
from imfmap.core.errors import InputError
from tests.helpers.downloads import PAYLOAD, alone
from tests.helpers.servers import Trouble, settings_for

# torchvision's weights, by the beginning of their SHA-256

COCO = f"/models/net_coco-{hashlib.sha256(PAYLOAD).hexdigest()[:8]}.pth"


def test_torchvisions_weights_come_by_the_checksum_in_their_name(file_server, tmp_path):
    file_server.files[COCO] = PAYLOAD
    file_server.troubles = [Trouble("corrupt"), Trouble("cut", after=700_000)]
    fetch_hub_weights(f"{file_server.url}{COCO}", tmp_path / "out" / "coco.net.pth", settings_for(file_server))
    assert (tmp_path / "out" / "coco.net.pth").read_bytes() == PAYLOAD and alone(tmp_path / "out" / "coco.net.pth")


@pytest.mark.parametrize("content", [None, b"other weights"])
def test_without_torchvisions_weights_it_is_said_what_to_put_where(file_server, tmp_path, content):
    if content:
        file_server.files[COCO] = content
    url = f"{file_server.url}{COCO}"
    with pytest.raises(InputError) as caught:
        fetch_hub_weights(url, tmp_path / "coco.net.pth", settings_for(file_server))
    message = str(caught.value)
    assert message.startswith(f"{url}: cannot be fetched (") and "\n" not in message
    assert message.endswith(f"and put it here as {tmp_path / 'coco.net.pth'}")
    assert ("its name says" in message) == bool(content)
    assert not (tmp_path / "coco.net.pth").exists()


def test_weights_that_torch_has_already_need_no_server(file_server, tmp_path):
    kept = tmp_path / "hub" / Path(COCO).name
    kept.parent.mkdir()
    kept.write_bytes(PAYLOAD)
    fetch_hub_weights(
        f"{file_server.url}{COCO}", tmp_path / "coco.net.pth", settings_for(file_server), cache=kept.parent
    )
    assert (tmp_path / "coco.net.pth").read_bytes() == PAYLOAD and not file_server.requests
