"""What all tests share."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "tests")]


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
