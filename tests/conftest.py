"""What all tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# The workers share the cores: threads of one that wait for those of another cost more than they bring.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items):
    """Long modules first, lest one worker end alone with one: the workflow's, then those with slow tests."""
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
