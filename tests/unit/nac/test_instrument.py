"""The door to the NAC: what the engines ask of any instrument."""

import inspect
import subprocess
import sys

from imfmap.nac import instrument


def test_each_function_of_the_door_is_documented_and_typed():
    for name in instrument.__all__:
        function = getattr(instrument, name)
        assert inspect.getdoc(function), name


def test_a_job_that_only_downloads_loads_neither_numba_nor_rasterio(root):
    program = "import sys; from imfmap.nac import instrument; print({'numba', 'rasterio'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root / "workflow", capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
