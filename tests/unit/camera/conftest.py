"""What the tests of this package share."""

import pytest

from tests.helpers.camera_factory import make_camera
from tests.helpers.line_scan_cases import CASES


@pytest.fixture(scope="module", params=CASES)
def camera(request):
    return make_camera(**CASES[request.param])
