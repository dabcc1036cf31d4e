"""A process may open as many files as it says, or is told that it may not."""

import resource
from contextlib import ExitStack

import pytest

from imfmap.core.errors import SetupError
from imfmap.core.open_files import open_files


@pytest.fixture
def allowed():
    """Function that sets the soft limit of open files; the limits are as before afterwards."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield lambda number: resource.setrlimit(resource.RLIMIT_NOFILE, (number, before[1]))
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_more_files_than_the_soft_limit_can_be_open(allowed, tmp_path):
    allowed(300)
    with ExitStack() as stack, open_files(400):
        for number in range(400):
            stack.enter_context(open(tmp_path / str(number), "w"))
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 300


def test_more_than_the_machine_allows_is_refused_before_any_is_open(allowed, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 4096))
    said = "10000 images are to be open at a time, and this machine allows .* 4096"
    with pytest.raises(SetupError, match=said), open_files(10_000):
        pass
