"""Parameters of the ISIS programs, as the config sets them."""

import pytest

from imfmap.engines.isis import commands
from tests.helpers.isis_cubes import ISIS


@pytest.mark.parametrize(
    ("image_m", "map_m", "shape_m", "patch_px"),
    [(0.5, 1.5, None, 10), (0.5, 2.6, None, 10), (0.5, 1.5, 5.6, 12), (0.5, 6.0, 5.0, 12), (0.5, 1.5, 236.9, 256),
     (1.6, 1.5, None, 10)],
)  # fmt: skip
def test_patches_are_as_large_as_a_pixel_of_the_map_or_of_the_shape_model(image_m, map_m, shape_m, patch_px):
    assert commands.patch_size(image_m, map_m, shape_m) == patch_px


def test_lronaccals_switches_are_the_configs():
    processing = {
        "masked": True,
        "dark": False,
        "darks": "pair",
        "nonlinearity": False,
        "flat": True,
        "dark_file": None,
    }
    parameters = commands.calibrate("a.cub", "b.cub", processing).parameters
    assert [parameters[key] for key in ("masked", "dark", "nonlinearity", "flatfield")] == [True, False, False, True]
    assert "darkfiletype" not in parameters and parameters["radiometrictype"] == "IOF"
    processing |= {"dark": True, "darks": "custom", "dark_file": "d.cub"}
    parameters = commands.calibrate("a.cub", "b.cub", processing).parameters
    assert (parameters["darkfiletype"], parameters["darkfile"]) == ("CUSTOM", "d.cub")


def test_spiceinit_asks_the_web_or_the_kernels():
    web, local = (
        commands.spice("a.cub", ISIS).parameters,
        commands.spice("a.cub", {**ISIS, "spice": "local"}).parameters,
    )
    assert web["web"] is True and web["url"] == "https://example.org/" and web["ckpredicted"] is True
    assert "web" not in local and "url" not in local
