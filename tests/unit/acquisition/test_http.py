"""Servers that are busy, slow, elsewhere, or refuse."""

import pytest

from imfmap.acquisition.download import download_file
from imfmap.acquisition.http import NotThereError
from imfmap.core.errors import InputError
from tests.helpers.downloads import PAYLOAD
from tests.helpers.servers import Trouble, settings_for


def test_busy_servers_are_asked_again_when_they_say(file_server, bring):
    file_server.troubles = [
        Trouble("status", status=503),
        Trouble("status", status=429, headers={"Retry-After": "0"}),
        Trouble("status", status=500),
    ]
    assert bring().read_bytes() == PAYLOAD and len(file_server.requests) == 4


def test_a_slow_server_is_waited_for_and_a_silent_one_not(file_server, bring):
    file_server.troubles = [Trouble("slow", seconds=0.3), Trouble("drip", seconds=0.02)]
    assert bring().read_bytes() == PAYLOAD
    file_server.troubles = [Trouble("slow", seconds=0.5) for _ in range(9)]
    with pytest.raises(InputError, match="did not answer .*timed out"):
        download_file(
            f"{file_server.url}/a.IMG", bring().with_name("b.IMG"), settings_for(file_server, timeout_s=0.1, retries=1)
        )


def test_a_redirect_is_followed(file_server, bring):
    file_server.files["/moved/a.IMG"] = PAYLOAD
    file_server.troubles = [Trouble("redirect", to="/moved/a.IMG")]
    assert bring("/gone.IMG").read_bytes() == PAYLOAD


def test_a_missing_file_is_one_clear_line(file_server, bring, tmp_path):
    with pytest.raises(NotThereError, match="nowhere.IMG: answered 404 Not Found; search again") as caught:
        bring("/nowhere.IMG")
    assert "\n" not in str(caught.value) and len(file_server.requests) == 1 and not list(tmp_path.iterdir())


def test_a_refusal_is_one_clear_line(file_server, bring, tmp_path):
    file_server.troubles = [Trouble("status", status=403)]
    with pytest.raises(InputError, match="answered 403 Forbidden"):
        bring()
    assert not list(tmp_path.iterdir())
