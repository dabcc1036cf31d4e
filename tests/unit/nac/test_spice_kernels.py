"""Kernels that come from elsewhere. (`tests/real/test_no_isis.py` compares the camera from real ones.)"""

import pytest

from imfmap.core.errors import InputError
from imfmap.nac.spice_kernels import read_kernel_camera
from tests.helpers.isis_store import july_2009


@pytest.mark.parametrize(
    "text",
    [
        "KPL/MK\n\\begindata\nKERNELS_TO_LOAD = ( '{other}' )\n\\begintext\n",
        "KPL/LSK\nA comment.\n  \\begindata  \r\n  A = 1\n  KERNELS_TO_LOAD += '{other}'\n",
    ],
)
def test_a_kernel_that_loads_others_is_refused(tmp_path, text):
    other = tmp_path / "other.tls"
    other.write_text("KPL/LSK\n\\begindata\nB = 1\n")
    kernel = tmp_path / "naif0012.tls"
    kernel.write_text(text.format(other=other))
    with pytest.raises(InputError, match="naif0012.tls: is a meta-kernel, which loads other files"):
        read_kernel_camera(july_2009(), [kernel])


def test_a_kernel_may_speak_of_others(tmp_path):
    kernel = tmp_path / "a.tf"
    kernel.write_text("KPL/FK\nLoad it with\n   KERNELS_TO_LOAD = ( 'a.tf' )\n\\begindata\nC = 1\n\\begintext\n")
    with pytest.raises(InputError, match="its kernels do not give its camera|none of them has"):
        read_kernel_camera(july_2009(), [kernel])
