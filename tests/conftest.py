"""What all tests share."""

import os
import random
import time
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
# The workers share the cores: threads of one that wait for those of another cost more than they bring.
os.environ.setdefault("OMP_NUM_THREADS", "1")


# A generated test without settings of its own: few inputs in every run of the tests, many in `make fuzz`.
hypothesis.settings.register_profile("brief", max_examples=25, deadline=None)
hypothesis.settings.register_profile("fuzz", max_examples=500, deadline=None, print_blob=True)


def pytest_addoption(parser):
    parser.addoption(
        "--fuzz-minutes", type=float, default=0.0, help="run each generated test again and again, all for so long"
    )


def pytest_configure(config):
    hypothesis.settings.load_profile("fuzz" if config.getoption("--fuzz-minutes") else "brief")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """In `make fuzz`, call a generated test with one random seed after another until its share of the time is over."""
    if not (share_s := getattr(pyfuncitem, "fuzz_share_s", 0.0)):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    ends = time.monotonic() + share_s
    while True:
        # A seed counts more than `derandomize` in the settings of a test.
        hypothesis.seed(random.SystemRandom().getrandbits(64))(_function(pyfuncitem))
        pyfuncitem.obj(**arguments)
        if time.monotonic() >= ends:
            return True


def _function(item):
    return getattr(item.obj, "__func__", item.obj)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session):
    """Divide the time of `make fuzz` among the generated tests."""
    seconds = 60 * session.config.getoption("--fuzz-minutes")
    items = [item for item in session.items if item.get_closest_marker("fuzz")]
    for item in items:
        item.fuzz_share_s = seconds * int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)) / len(items)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark generated tests. Long modules first, lest one worker end alone: the workflow's, then slow ones."""
    for item in items:
        if isinstance(item, pytest.Function) and hypothesis.is_hypothesis_test(_function(item)):
            item.add_marker("fuzz")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path.parent.name != "workflow", item.path not in slow))


@pytest.fixture(scope="session")
def root():
    """Path: the repository."""
    return ROOT


@pytest.fixture(scope="session")
def real_data():
    """Path: the real data, from IMF_REAL_DATA or ../shared/real; without it the test is skipped."""
    folder = Path(os.environ.get("IMF_REAL_DATA", ROOT.parent / "shared" / "real"))
    if not folder.is_dir():
        pytest.skip(f"no real data: set IMF_REAL_DATA ({folder} is not there)")
    return folder
