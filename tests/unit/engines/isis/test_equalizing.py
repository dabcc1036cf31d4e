"""One brightness for the images of a target, with a stand-in for equalizer that refuses what ISIS refuses."""

import logging

import numpy as np
import pytest
import rasterio

from imfmap.core.errors import InputError, SetupError
from imfmap.engines.isis import commands, equalizing, running, tracking
from imfmap.maps.grids import MapGrid
from imfmap.maps.image_layers import ImageLayer
from imfmap.mosaic.equalize import match_brightness
from tests.helpers.isis_cubes import GRID, projected
from tests.isis_standins.cubefile import read_pixels

# Upper left corners of images of 100 x 100 pixels.
PLACES = {
    "two images": [(0, 0), (0, 60)],
    "row of three strips": [(0, 0), (0, 60), (0, 120)],
    "row of five strips": [(0, 0), (0, 80), (0, 160), (0, 240), (0, 320)],
    "two groups": [(0, 0), (300, 300), (0, 60), (300, 360), (330, 330)],
    "one alone": [(0, 0), (0, 60), (400, 400)],
    "all alone": [(0, 0), (200, 200), (400, 400)],
    "one image": [(0, 0)],
    "triangle": [(0, 0), (0, 50), (50, 25)],
}


@pytest.fixture
def layout(tmp_path):
    """Function of corners: cubes of images there that show one ground with gains and offsets of their own; products."""
    rng = np.random.default_rng(5)
    ground = rng.uniform(0.03, 0.07, GRID.shape)

    def make(corners):
        made, products = [], []
        for number, (row, column) in enumerate(corners):
            part = GRID.window(row, column, 100, 100)
            values = ground[row : row + 100, column : column + 100] * rng.uniform(0.8, 1.2) + rng.uniform(0, 0.01)
            products.append(f"M{number}L")
            made.append(projected(tmp_path / f"{products[-1]}.map.cub", part, values.astype(np.float32)))
        return made, products

    return make


def native(cubes, brightness):
    """Images as the native engine equalizes them."""
    datasets = [rasterio.open(path) for path in cubes]
    offsets = [np.rint(GRID.rowcol(*MapGrid.of(dataset).xy(0, 0))).astype(int) for dataset in datasets]
    layers = [ImageLayer(dataset, "", dataset.name, tuple(at)) for dataset, at in zip(datasets, offsets, strict=True)]
    changes = match_brightness(layers, GRID, brightness)
    return [change.apply(read_pixels(path)) for change, path in zip(changes, cubes, strict=True)]


@pytest.mark.parametrize(
    ("places", "brightness"),
    [*((name, "both") for name in PLACES), ("two groups", "gain"), ("two groups", "offset")],
)
def test_images_get_the_brightness_that_the_native_engine_gives(isis, layout, places, brightness):
    cubes, products = layout(PLACES[places])
    with equalizing.of_one_brightness(cubes, products, isis / "equalized", brightness, keep=False) as equalized:
        for path, expected in zip(equalized, native(cubes, brightness), strict=True):
            np.testing.assert_allclose(read_pixels(path), expected, rtol=0, atol=2e-7)
    assert not (isis / "equalized").exists()


def test_cubes_of_one_brightness_stay_if_they_are_to_be_kept(isis, layout):
    cubes, products = layout(PLACES["two images"])
    with equalizing.of_one_brightness(cubes, products, isis / "equalized", "both", keep=True) as equalized:
        pass
    assert [path.parent == isis / "equalized" and path.exists() for path in equalized] == [True, True]
    with equalizing.of_one_brightness(cubes, products, isis / "other", "none", keep=True) as equalized:
        assert equalized == cubes and not (isis / "other").exists()


def test_images_that_overlap_no_other_are_named(isis, layout, caplog):
    cubes, products = layout(PLACES["one alone"])
    with caplog.at_level(logging.WARNING):
        equalizing.equalize(cubes, products, isis / "equalized", "both")
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["M2L"]


@pytest.mark.parametrize(
    ("places", "holds", "said"),
    [
        ("two images", [], "Unable to normalize overlaps"),
        ("row of three strips", [], "Unable to normalize overlaps"),
        ("two groups", [0], "Unable to normalize overlaps"),
        ("one alone", [0], "do not overlap with enough valid pixels"),
    ],
)
def test_the_stand_in_refuses_what_equalizer_refuses(isis, layout, places, holds, said):
    cubes, _ = layout(PLACES[places][:4])
    tracking.write_list(cubes, isis / "from.lis")
    tracking.write_list([cubes[place] for place in holds], isis / "hold.lis")
    command = commands.find_brightness(isis / "from.lis", isis / "hold.lis", isis / "s.pvl", "both")
    with pytest.raises(SetupError, match=f"too few images overlap.*{said}"):
        running.run(command)


def test_a_failure_leaves_no_folder(isis, layout, monkeypatch):
    monkeypatch.setenv("IMF_STANDIN_FAILS", '{"equalizer": {"*": "write failed: Disk quota exceeded"}}')
    cubes, products = layout(PLACES["two images"])
    with pytest.raises(SetupError, match="the disk is full"):
        equalizing.equalize(cubes, products, isis / "equalized", "both")
    assert not [path for path in isis.iterdir() if "equalized" in path.name]


def test_statistics_that_are_none_are_refused():
    with pytest.raises(InputError, match=r"s.pvl: is not what equalizer writes \(it has 0 corrections for 2 images"):
        equalizing.recentre("Object = EqualizationInformation\nEnd_Object\n", [[0, 1]], "both", "s.pvl")
